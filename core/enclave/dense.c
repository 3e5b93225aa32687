/* Sums, products, decompositions. */
#include "enclave/dense.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 64u	/* columns and inner steps at a time: 64 × 64 doubles are 32 KiB, a first-level cache */

double dense_sum(const double *x, size_t n)
{
	double sum = 0, lost = 0;
	for (size_t i = 0; i < n; i++) {
		double next = sum + x[i];
		lost += fabs(sum) >= fabs(x[i]) ? (sum - next) + x[i] : (x[i] - next) + sum;
		sum = next;
	}
	return isnan(sum + lost) ? sum : sum + lost;	/* the correction of an infinity is no number */
}

double dense_dot(const double *x, const double *y, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i] * y[i];
	return sum;
}

double dense_norm(const double *x, size_t n)
{
	double largest = 0, sum = 0;
	for (size_t i = 0; i < n; i++)
		if (!(fabs(x[i]) <= largest))
			largest = fabs(x[i]);
	if (largest == 0 || !isfinite(largest))
		return largest;
	for (size_t i = 0; i < n; i++)
		sum += x[i] / largest * (x[i] / largest);
	return largest * sqrt(sum);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	if (isnan(x) || isnan(y))
		return isnan(x) - isnan(y);
	if (x == y)
		return (signbit(x) == 0) - (signbit(y) == 0);
	return x < y ? -1 : 1;
}

void dense_sort(double *x, size_t n)
{
	if (n > 1)
		qsort(x, n, sizeof *x, by_value);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Blocks change which element comes when, but each element of c still adds its products in ascending order. */
void dense_multiply(double *c, const double *a, const double *b, size_t rows, size_t inner, size_t cols)
{
	memset(c, 0, rows * cols * sizeof *c);
	for (size_t k0 = 0; k0 < inner; k0 += BLOCK) {
		size_t k1 = least(k0 + BLOCK, inner);
		for (size_t j0 = 0; j0 < cols; j0 += BLOCK) {
			size_t j1 = least(j0 + BLOCK, cols);
			for (size_t i = 0; i < rows; i++)
				for (size_t k = k0; k < k1; k++) {
					double f = a[i * inner + k];
					const double *from = b + k * cols;
					double *to = c + i * cols;
					for (size_t j = j0; j < j1; j++)
						to[j] += f * from[j];
				}
		}
	}
}

static void rows_swap(double *x, size_t cols, size_t i, size_t j)
{
	for (size_t k = 0; k < cols && i != j; k++) {
		double keep = x[i * cols + k];
		x[i * cols + k] = x[j * cols + k];
		x[j * cols + k] = keep;
	}
}

static void row_subtract(double *x, size_t cols, size_t to, size_t from, double f, size_t first)
{
	for (size_t k = first; k < cols; k++)
		x[to * cols + k] -= f * x[from * cols + k];
}

/* Largest element of each column. A NaN or infinity stays the largest, and makes every pivot of its column too small. */
static void column_sizes(double *sizes, const double *a, size_t n)
{
	memset(sizes, 0, n * sizeof *sizes);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			if (!(fabs(a[i * n + j]) <= sizes[j]))
				sizes[j] = isfinite(a[i * n + j]) ? fabs(a[i * n + j]) : INFINITY;
}

bool dense_solve(double *a, double *b, double *room, size_t n, size_t cols)
{
	column_sizes(room, a, n);
	for (size_t k = 0; k < n; k++) {
		size_t pivot = k;
		for (size_t i = k + 1; i < n; i++)
			if (fabs(a[i * n + k]) > fabs(a[pivot * n + k]))
				pivot = i;
		if (!(fabs(a[pivot * n + k]) > (double)n * DBL_EPSILON * room[k]))
			return false;
		rows_swap(a, n, k, pivot);
		rows_swap(b, cols, k, pivot);
		for (size_t i = k + 1; i < n; i++) {
			double f = a[i * n + k] / a[k * n + k];
			row_subtract(a, n, i, k, f, k);
			row_subtract(b, cols, i, k, f, 0);
		}
	}
	for (size_t k = n; k-- > 0;) {
		for (size_t j = 0; j < cols; j++)
			b[k * cols + j] /= a[k * n + k];
		for (size_t i = 0; i < k; i++)
			row_subtract(b, cols, i, k, a[i * n + k], 0);
	}
	return true;
}

bool dense_cholesky(double *a, size_t n)
{
	for (size_t j = 0; j < n; j++) {
		double before = a[j * n + j], rest = before - dense_dot(a + j * n, a + j * n, j);
		if (!(rest > (double)n * DBL_EPSILON * before) || isinf(rest))
			return false;
		a[j * n + j] = sqrt(rest);
		for (size_t i = j + 1; i < n; i++)
			a[i * n + j] = (a[i * n + j] - dense_dot(a + i * n, a + j * n, j)) / a[j * n + j];
		for (size_t i = 0; i < j; i++)
			a[i * n + j] = 0;
	}
	return true;
}
