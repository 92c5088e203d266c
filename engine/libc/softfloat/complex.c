/*
 * complex.c - complex multiplication and division, with the recovery of infinities that
 * C11 annex G.5.1 recommends.
 */
#include <complex.h>
#include <math.h>

double _Complex __muldc3(double a, double b, double c, double d);
double _Complex __divdc3(double a, double b, double c, double d);

/* An infinite operand becomes a unit of the same direction, a NaN a zero of the same sign. */
static double complex_box(double part)
{
	return copysign(isinf(part) ? 1.0 : 0.0, part);
}

static double complex_drop_nan(double part)
{
	return isnan(part) ? copysign(0.0, part) : part;
}

double _Complex __muldc3(double a, double b, double c, double d)
{
	double ac = a * c;
	double bd = b * d;
	double ad = a * d;
	double bc = b * c;
	double x = ac - bd;
	double y = ad + bc;
	int recalculate = 0;

	if (!isnan(x) || !isnan(y))
		return CMPLX(x, y);
	if (isinf(a) || isinf(b)) {
		a = complex_box(a);
		b = complex_box(b);
		c = complex_drop_nan(c);
		d = complex_drop_nan(d);
		recalculate = 1;
	}
	if (isinf(c) || isinf(d)) {
		c = complex_box(c);
		d = complex_box(d);
		a = complex_drop_nan(a);
		b = complex_drop_nan(b);
		recalculate = 1;
	}
	if (!recalculate && (isinf(ac) || isinf(bd) || isinf(ad) || isinf(bc))) {
		a = complex_drop_nan(a);
		b = complex_drop_nan(b);
		c = complex_drop_nan(c);
		d = complex_drop_nan(d);
		recalculate = 1;
	}
	if (recalculate) {
		x = INFINITY * (a * c - b * d);
		y = INFINITY * (a * d + b * c);
	}
	return CMPLX(x, y);
}

double _Complex __divdc3(double a, double b, double c, double d)
{
	double larger = fmax(fabs(c), fabs(d));
	double denominator;
	double x;
	double y;
	int scale = 0;

	/* Scaling by the divisor's exponent keeps the squares in range. */
	if (isfinite(larger) && larger != 0) {
		scale = -ilogb(larger);
		c = scalbn(c, scale);
		d = scalbn(d, scale);
	}
	denominator = c * c + d * d;
	x = scalbn((a * c + b * d) / denominator, scale);
	y = scalbn((b * c - a * d) / denominator, scale);
	if (!isnan(x) || !isnan(y))
		return CMPLX(x, y);
	if (denominator == 0 && (!isnan(a) || !isnan(b))) {
		x = copysign(INFINITY, c) * a;
		y = copysign(INFINITY, c) * b;
	} else if ((isinf(a) || isinf(b)) && isfinite(c) && isfinite(d)) {
		a = complex_box(a);
		b = complex_box(b);
		x = INFINITY * (a * c + b * d);
		y = INFINITY * (b * c - a * d);
	} else if (isinf(larger) && isfinite(a) && isfinite(b)) {
		c = complex_box(c);
		d = complex_box(d);
		x = 0.0 * (a * c + b * d);
		y = 0.0 * (b * c - a * d);
	}
	return CMPLX(x, y);
}
