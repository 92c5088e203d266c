/* complex.h - complex functions for double. */
#ifndef ENGINE_COMPLEX_H
#define ENGINE_COMPLEX_H

#define complex		_Complex
#define _Complex_I	(__extension__ (0.0f + 1.0fi))
#define I		_Complex_I

#define CMPLX(x, y)	__builtin_complex((double)(x), (double)(y))
#define CMPLXF(x, y)	__builtin_complex((float)(x), (float)(y))

double complex cacos(double complex);
double complex casin(double complex);
double complex catan(double complex);
double complex ccos(double complex);
double complex csin(double complex);
double complex ctan(double complex);
double complex cacosh(double complex);
double complex casinh(double complex);
double complex catanh(double complex);
double complex ccosh(double complex);
double complex csinh(double complex);
double complex ctanh(double complex);
double complex cexp(double complex);
double complex clog(double complex);
double complex cpow(double complex, double complex);
double complex csqrt(double complex);
double complex conj(double complex);
double complex cproj(double complex);
double cabs(double complex);
double carg(double complex);
double cimag(double complex);
double creal(double complex);

#define creal(z)	((double)__real__(z))
#define cimag(z)	((double)__imag__(z))

#endif
