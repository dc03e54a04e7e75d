package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
)

// Config is a plugin's configuration: the object that the host has checked against the schema. Errors carry the key's JSON
// pointer. Numbers are exact; there is no floating point.
type Config struct {
	members map[string]any
}

// ParseConfig reads an object; an empty text is an empty object.
func ParseConfig(text string) (*Config, error) {
	config := &Config{members: map[string]any{}}
	if text == "" {
		return config, nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&config.members); err != nil {
		return nil, &ConfigError{Message: "configuration: not an object of JSON: " + err.Error()}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, &ConfigError{Message: "configuration: got text behind the object"}
	}
	return config, nil
}

// Has says whether the key has a value other than null.
func (c *Config) Has(key string) bool { return c.members[key] != nil }

// Text is a string.
func (c *Config) Text(key string) (string, error) {
	if text, ok := c.members[key].(string); ok {
		return text, nil
	}
	return "", c.Refuse(key, "a string")
}

// Boolean is true or false.
func (c *Config) Boolean(key string) (bool, error) {
	if truth, ok := c.members[key].(bool); ok {
		return truth, nil
	}
	return false, c.Refuse(key, "true or false")
}

// Integer is a whole number in least .. most.
func (c *Config) Integer(key string, least, most int64) (int64, error) {
	return c.Scaled(key, 0, least, most)
}

// Scaled is a decimal number x 10^places in least .. most, exactly; given as a number or as a string. One that has more
// decimals is refused, not rounded. places is at most 18.
func (c *Config) Scaled(key string, places int, least, most int64) (int64, error) {
	var text string
	switch value := c.members[key].(type) {
	case json.Number:
		text = value.String()
	case string:
		text = value
	}
	if number, ok := decimal(text, places); ok && number >= least && number <= most {
		return number, nil
	}
	span := fmt.Sprintf("%s .. %s", scaledText(least, places), scaledText(most, places))
	if places == 0 {
		return 0, c.Refuse(key, "a whole number in "+span)
	}
	return 0, c.Refuse(key, fmt.Sprintf("a number in %s with at most %d decimals", span, places))
}

// Percent is a percentage in 0 .. 100 as parts per million, with at most four decimals.
func (c *Config) Percent(key string) (uint32, error) {
	ppm, err := c.Scaled(key, 4, 0, 1_000_000)
	return uint32(ppm), err
}

// Refuse is the error for the value of that key, also for what depends on several values.
func (c *Config) Refuse(key, wanted string) error {
	path := "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
	var got string
	switch value := c.members[key].(type) {
	case nil:
		return &ConfigError{path, "missing, want " + wanted}
	case json.Number:
		got = shown(value.String())
	case string:
		got = "\"" + shown(value) + "\""
	case bool:
		got = "a boolean"
	case []any:
		got = "an array"
	default:
		got = "an object"
	}
	return &ConfigError{path, fmt.Sprintf("got %s, want %s", got, wanted)}
}

func shown(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}

const (
	longestNumber   = 400 // bytes of a number; longer ones are refused
	largestExponent = 10_000
)

// decimal is the number in text x 10^places, where that is a whole int64.
func decimal(text string, places int) (int64, bool) {
	var number json.Number
	if len(text) > longestNumber || strings.TrimSpace(text) != text || text == "" || text[0] == '"' ||
		json.Unmarshal([]byte(text), &number) != nil || number == "" {
		return 0, false
	}
	if at := strings.IndexAny(text, "eE"); at >= 0 {
		power, ok := new(big.Int).SetString(strings.TrimPrefix(text[at+1:], "+"), 10)
		if !ok || !power.IsInt64() || power.Int64() > largestExponent || power.Int64() < -largestExponent {
			return 0, false
		}
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, false
	}
	exact.Mul(exact, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)))
	if !exact.IsInt() || !exact.Num().IsInt64() {
		return 0, false
	}
	return exact.Num().Int64(), true
}

// scaledText is the exact spelling of value / 10^places, such as "7.5".
func scaledText(value int64, places int) string {
	if places == 0 {
		return fmt.Sprint(value)
	}
	digits := fmt.Sprintf("%0*d", places+1, new(big.Int).Abs(big.NewInt(value)))
	whole, fraction := digits[:len(digits)-places], strings.TrimRight(digits[len(digits)-places:], "0")
	sign := ""
	if value < 0 {
		sign = "-"
	}
	if fraction == "" {
		return sign + whole
	}
	return sign + whole + "." + fraction
}
