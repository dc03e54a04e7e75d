use crate::{Error, Json, Result};

/// A plugin's configuration: the object that the host has checked against the schema. Errors carry the key's JSON pointer.
/// Numbers are exact; there is no floating point.
pub struct Config {
    members: Vec<(String, Json)>,
}

const SHOWN: usize = 60; // characters of a value that a message shows

impl Config {
    /// An empty text is an empty object.
    pub fn parse(text: &str) -> Result<Config> {
        if text.is_empty() {
            return Ok(Config { members: Vec::new() });
        }
        match Json::parse(text)? {
            Json::Object(members) => Ok(Config { members }),
            _ => Err(Error::new(crate::abi::CONFIG, "configuration: want an object")),
        }
    }

    /// The value of that key; none where it is missing or null.
    pub fn find(&self, key: &str) -> Option<&Json> {
        self.members.iter().find(|(name, value)| name == key && *value != Json::Null).map(|(_, value)| value)
    }

    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    pub fn text(&self, key: &str) -> Result<&str> {
        match self.find(key) {
            Some(Json::Text(text)) => Ok(text),
            _ => Err(self.refuse(key, "a string")),
        }
    }

    pub fn boolean(&self, key: &str) -> Result<bool> {
        match self.find(key) {
            Some(Json::Bool(truth)) => Ok(*truth),
            _ => Err(self.refuse(key, "true or false")),
        }
    }

    pub fn integer(&self, key: &str, least: i64, most: i64) -> Result<i64> {
        self.scaled(key, 0, least, most)
    }

    /// A decimal number x 10^places in least ..= most, exactly; given as a number or as a string. One that has more decimals
    /// is refused, not rounded. `places` is at most 18.
    pub fn scaled(&self, key: &str, places: u32, least: i64, most: i64) -> Result<i64> {
        let number = match self.find(key) {
            Some(Json::Number(text) | Json::Text(text)) => decimal(text, places),
            _ => None,
        };
        match number {
            Some(value) if (least..=most).contains(&value) => Ok(value),
            _ => {
                let range = format!("{} .. {}", scaled_text(least, places), scaled_text(most, places));
                let wanted = match places {
                    0 => format!("a whole number in {range}"),
                    _ => format!("a number in {range} with at most {places} decimals"),
                };
                Err(self.refuse(key, &wanted))
            }
        }
    }

    /// A percentage in 0 ..= 100 as parts per million, with at most four decimals.
    pub fn percent(&self, key: &str) -> Result<u32> {
        self.scaled(key, 4, 0, 1_000_000).map(|ppm| ppm as u32)
    }

    /// The error for the value of that key, also for what depends on several values.
    pub fn refuse(&self, key: &str, wanted: &str) -> Error {
        let got = match self.find(key) {
            None => return Error::config(key, format!("missing, want {wanted}")),
            Some(Json::Text(text)) => format!("\"{}\"", text.chars().take(SHOWN).collect::<String>()),
            Some(Json::Number(text)) => text.chars().take(SHOWN).collect(),
            Some(Json::Bool(_)) => "a boolean".into(),
            Some(Json::Array(_)) => "an array".into(),
            Some(Json::Object(_)) => "an object".into(),
            Some(Json::Null) => "null".into(),
        };
        Error::config(key, format!("got {got}, want {wanted}"))
    }
}

/// The number in `text` x 10^places, exactly; none where it is no number of JSON, has more decimals or is beyond i64.
pub fn decimal(text: &str, places: u32) -> Option<i64> {
    if !matches!(Json::parse(text), Ok(Json::Number(whole)) if whole == text) {
        return None;
    }
    let (mantissa, power) = match text.find(|c| c == 'e' || c == 'E') {
        Some(at) => (&text[..at], clamped_power(&text[at + 1..])),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let negative = whole.starts_with('-');
    let digits = format!("{}{fraction}", whole.trim_start_matches('-'));
    let digits = digits.trim_start_matches('0');
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() {
        return Some(0);
    }
    let zeros = (digits.len() - kept.len()) as i64;
    let exponent = i64::from(places) - fraction.len() as i64 + power + zeros;
    if exponent < 0 || kept.len() as i64 + exponent > 19 {
        return None;
    }
    let value = kept.parse::<u64>().ok()?.checked_mul(10u64.checked_pow(exponent as u32)?)?;
    let value = i64::try_from(value).ok()?;
    Some(if negative { -value } else { value })
}

// Far beyond what any number of i64 has, without an overflow.
fn clamped_power(text: &str) -> i64 {
    let digits = text.trim_start_matches(|c| c == '+' || c == '-');
    let value = digits.bytes().fold(0i64, |value, digit| (value * 10 + i64::from(digit - b'0')).min(1 << 40));
    if text.starts_with('-') { -value } else { value }
}

/// The exact spelling of value / 10^places, such as "7.5".
pub fn scaled_text(value: i64, places: u32) -> String {
    let places = places as usize;
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let fraction = fraction.trim_end_matches('0');
    let sign = if value < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_none() {
        for (text, places, want) in [
            ("0", 0, Some(0)), ("-0.000", 8, Some(0)), ("7.50", 8, Some(750_000_000)), ("94.999", 4, Some(949_990)),
            ("1e2", 0, Some(100)), ("1200e-2", 0, Some(12)), ("0.001e3", 0, Some(1)), ("100", 0, Some(100)),
            ("0.12345", 4, None), ("1e-1", 0, None), ("9223372036854775807", 0, Some(i64::MAX)),
            ("9223372036854775808", 0, None), ("-9223372036854775807", 0, Some(-i64::MAX)), ("1e19", 0, None),
            ("1e999999999999999999999", 0, None), ("0e999999999999999999999", 0, Some(0)), ("1e-99999999999999", 18, None),
            ("", 0, None), (" 1", 0, None), ("1 ", 0, None), ("+1", 0, None), (".5", 1, None), ("NaN", 0, None),
        ] {
            assert_eq!(decimal(text, places), want, "{text} at {places}");
        }
    }

    #[test]
    fn a_number_is_spelt_as_short_as_it_is_exact() {
        for (value, places, want) in [
            (0, 0, "0"), (0, 8, "0"), (750_000_000, 8, "7.5"), (1, 8, "0.00000001"), (-50, 1, "-5"), (i64::MIN, 18, "-9.223372036854775808"),
        ] {
            assert_eq!(scaled_text(value, places), want);
        }
    }

    #[test]
    fn an_error_says_key_got_and_want() {
        let config = Config::parse("{\"at\": 101, \"list\": [], \"on\": 1, \"name\": \"x\", \"none\": null}").unwrap();
        let message = |error: Error| format!("{} {}", error.path, error.message);
        assert_eq!(message(config.percent("at").unwrap_err()),
                   "/at got 101, want a number in 0 .. 100 with at most 4 decimals");
        assert_eq!(message(config.integer("list", 0, 3).unwrap_err()), "/list got an array, want a whole number in 0 .. 3");
        assert_eq!(message(config.boolean("on").unwrap_err()), "/on got 1, want true or false");
        assert_eq!(message(config.text("none").unwrap_err()), "/none missing, want a string");
        assert_eq!(config.text("name").unwrap(), "x");
        assert!(!config.has("none") && config.has("at"));
        assert!(Config::parse("[]").is_err());
        assert!(!Config::parse("").unwrap().has("at"));
    }
}
