/* Times of entries: RFC 3339 in UTC, whole seconds, "Z". The proleptic Gregorian calendar by arithmetic: neither zone files nor leap seconds. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "form/entry.h"

#define DAY 86400
#define SHAPE "dddd-dd-ddTdd:dd:ddZ"

static_assert(sizeof SHAPE - 1 == ENTRY_TIME_TEXT, "characters of a time");

/* Days since 1970 of a date, counted in years that begin in March, so that the leap day is the last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = year / 400, of_era = year % 400, of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* The other way. days is not before 1970. */
static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
	days += 719468;
	int64_t era = days / 146097, of_era = days % 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
	*day = of_year - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = y + era * 400 + (*month <= 2);
}

/* Two digits at a time. */
static void digits_put(char *out, int64_t v)
{
	out[0] = (char)('0' + v / 10);
	out[1] = (char)('0' + v % 10);
}

void entry_time_text(char out[static 24], int64_t at)
{
	int64_t year, month, day, second = at % DAY;
	assert(at >= 0 && at <= ENTRY_TIME_MAX);
	date_of(at / DAY, &year, &month, &day);
	memcpy(out, SHAPE, sizeof SHAPE);
	digits_put(out, year / 100);
	digits_put(out + 2, year % 100);
	digits_put(out + 5, month);
	digits_put(out + 8, day);
	digits_put(out + 11, second / 3600);
	digits_put(out + 14, second / 60 % 60);
	digits_put(out + 17, second % 60);
}

static bool shape_ok(const char *text, size_t len)
{
	if (len != ENTRY_TIME_TEXT)
		return false;
	for (size_t i = 0; i < len; i++)
		if (SHAPE[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != SHAPE[i])
			return false;
	return true;
}

static int64_t digits_get(const char *text)
{
	return (text[0] - '0') * 10 + text[1] - '0';
}

int entry_time_parse(int64_t *at, const char *text, size_t len, struct err *e)
{
	char again[24];
	if (!shape_ok(text, len))
		return err_set(e, ERR_INVALID, "not a time: one is written 2026-11-21T10:20:30Z");
	int64_t year = digits_get(text) * 100 + digits_get(text + 2), month = digits_get(text + 5), day = digits_get(text + 8);
	int64_t hour = digits_get(text + 11), minute = digits_get(text + 14), second = digits_get(text + 17);
	if (year < 1970 || month < 1 || month > 12 || day < 1)
		return err_set(e, ERR_INVALID, "no such time: years are 1970 to 9999, months 1 to 12, days begin at 1");
	int64_t value = days_of(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
	/* What overflows into the next minute, hour, day or month is spelled otherwise. */
	if (value <= ENTRY_TIME_MAX)
		entry_time_text(again, value);
	if (value > ENTRY_TIME_MAX || memcmp(again, text, len) != 0)
		return err_set(e, ERR_INVALID, "no such time: %.20s is not in the calendar", text);
	*at = value;
	return 0;
}
