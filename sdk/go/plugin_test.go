package plugin

import (
	"errors"
	"math"
	"math/big"
	"math/rand"
	"testing"
)

func TestNumbersAreExactOrNone(t *testing.T) {
	for _, one := range []struct {
		text   string
		places int
		want   int64
		ok     bool
	}{
		{"0", 0, 0, true}, {"-0.000", 8, 0, true}, {"7.50", 8, 750_000_000, true}, {"94.999", 4, 949_990, true},
		{"1e2", 0, 100, true}, {"1200e-2", 0, 12, true}, {"0.001e3", 0, 1, true}, {"1e+2", 0, 100, true},
		{"0.12345", 4, 0, false}, {"1e-1", 0, 0, false}, {"9223372036854775807", 0, math.MaxInt64, true},
		{"9223372036854775808", 0, 0, false}, {"1e19", 0, 0, false}, {"1e999999999999999999999", 0, 0, false},
		{"1e-99999999999999", 18, 0, false}, {"", 0, 0, false}, {" 1", 0, 0, false}, {"+1", 0, 0, false},
		{".5", 1, 0, false}, {"1.", 1, 0, false}, {"01", 0, 0, false}, {"NaN", 0, 0, false}, {"1/2", 0, 0, false},
		{"0x10", 0, 0, false}, {"\"1\"", 0, 0, false}, {"1_0", 0, 0, false}, {"null", 0, 0, false},
	} {
		if got, ok := decimal(one.text, one.places); got != one.want || ok != one.ok {
			t.Errorf("%q at %d: got %d %v, want %d %v", one.text, one.places, got, ok, one.want, one.ok)
		}
	}
}

func TestANumberIsSpeltAsShortAsItIsExact(t *testing.T) {
	for _, one := range []struct {
		value  int64
		places int
		want   string
	}{{0, 0, "0"}, {0, 8, "0"}, {750_000_000, 8, "7.5"}, {1, 8, "0.00000001"}, {-50, 1, "-5"},
		{math.MinInt64, 18, "-9.223372036854775808"}} {
		if got := scaledText(one.value, one.places); got != one.want {
			t.Errorf("got %q, want %q", got, one.want)
		}
	}
}

func TestAnErrorSaysKeyGotAndWant(t *testing.T) {
	config, err := ParseConfig(`{"at": 101, "list": [], "on": 1, "name": "x", "none": null, "a/b": {}}`)
	if err != nil {
		t.Fatal(err)
	}
	_, percent := config.Percent("at")
	_, integer := config.Integer("list", 0, 3)
	_, boolean := config.Boolean("on")
	_, text := config.Text("none")
	_, object := config.Text("a/b")
	for _, one := range []struct {
		err           error
		path, message string
	}{
		{percent, "/at", "got 101, want a number in 0 .. 100 with at most 4 decimals"},
		{integer, "/list", "got an array, want a whole number in 0 .. 3"},
		{boolean, "/on", "got 1, want true or false"},
		{text, "/none", "missing, want a string"},
		{object, "/a~1b", "got an object, want a string"},
	} {
		var got *ConfigError
		if !errors.As(one.err, &got) || got.Path != one.path || got.Message != one.message {
			t.Errorf("got %+v, want %s %s", one.err, one.path, one.message)
		}
	}
	if config.Has("none") || !config.Has("at") {
		t.Error("none is null, and at is there")
	}
	for _, wrong := range []string{"[]", "{", "{} x", "1", `{"a":}`} {
		if _, err := ParseConfig(wrong); err == nil {
			t.Errorf("%q: got no error", wrong)
		}
	}
}

func TestAShareIsRoundedDownAndNeverWrapsAround(t *testing.T) {
	random := rand.New(rand.NewSource(8))
	for k := 0; k < 20_000; k++ {
		usd := random.Int63() >> random.Intn(63)
		numerator, denominator := random.Uint64()>>random.Intn(64), random.Uint64()>>random.Intn(64)|1
		want := new(big.Int).Mul(big.NewInt(usd), new(big.Int).SetUint64(numerator))
		want.Div(want, new(big.Int).SetUint64(denominator))
		got, err := ScaleUsd(usd, numerator, denominator)
		if want.IsInt64() != (err == nil) || (err == nil && want.Int64() != got) {
			t.Fatalf("%d x %d / %d: got %d %v, want %s", usd, numerator, denominator, got, err, want)
		}
	}
	if _, err := ScaleUsd(-1, 1, 1); err == nil {
		t.Error("a negative amount: got no error")
	}
	if _, err := ScaleUsd(1, 1, 0); err == nil {
		t.Error("a denominator of 0: got no error")
	}
}
