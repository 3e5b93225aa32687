/* Arithmetic on dense rows of doubles, without Lua. Matrices lie row after row. Every sum is taken in one order, from the first element to
 * the last, and nothing is fused (-ffp-contract=off in enclave.mk): the same bytes on every machine.
 */
#ifndef ENCLUA_ENCLAVE_DENSE_H
#define ENCLUA_ENCLAVE_DENSE_H

#include <stdbool.h>
#include <stddef.h>

double dense_sum(const double *x, size_t n);	/* compensated (Neumaier) */
double dense_dot(const double *x, const double *y, size_t n);
double dense_norm(const double *x, size_t n);	/* Euclidean; neither overflows nor underflows on the way */
void dense_sort(double *x, size_t n);	/* ascending; -0 before 0, NaN last */

/* c (rows × cols) = a (rows × inner) · b (inner × cols); c is another array than a and b. */
void dense_multiply(double *c, const double *a, const double *b, size_t rows, size_t inner, size_t cols);
/* Solves a x = b for each of the columns of b (n × cols) by LU decomposition with partial pivoting. a is spoilt, b becomes x; room holds n
 * doubles. False when a is singular to working precision: a pivot is below n ε times the largest element of its column. */
bool dense_solve(double *a, double *b, double *room, size_t n, size_t cols);
/* The lower triangle l with l lᵀ = a, in place; the upper becomes zero. False when a is not positive definite. Reads the lower triangle. */
bool dense_cholesky(double *a, size_t n);

#endif
