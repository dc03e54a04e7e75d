//! JSON of RFC 8259 as a tree. Numbers keep their text: 94.999 stays 94.999.

use crate::{abi, Error, Result};

const MAX_DEPTH: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    Null,
    Bool(bool),
    /// As it is spelt.
    Number(String),
    Text(String),
    Array(Vec<Json>),
    /// In the order of the text; no key twice.
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn parse(text: &str) -> Result<Json> {
        let mut reader = Reader { bytes: text.as_bytes(), at: 0 };
        let done = reader.value(0).and_then(|value| {
            reader.space();
            if reader.at == reader.bytes.len() { Ok(value) } else { Err("text behind the value") }
        });
        done.map_err(|wrong| {
            Error::new(abi::CONFIG, format!("configuration: not JSON at byte {}: {wrong}", reader.at))
        })
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

type Read<T> = std::result::Result<T, &'static str>;

impl Reader<'_> {
    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let is = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(is);
        is
    }

    fn value(&mut self, depth: usize) -> Read<Json> {
        self.space();
        match self.bytes.get(self.at) {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Json::Text(self.text()?)),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Read<Json> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err("want a value");
        }
        self.at += word.len();
        Ok(value)
    }

    fn digits(&mut self) -> Read<()> {
        let begin = self.at;
        while matches!(self.bytes.get(self.at), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == begin { Err("want a value") } else { Ok(()) }
    }

    fn number(&mut self) -> Read<Json> {
        let begin = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        Ok(Json::Number(String::from_utf8_lossy(&self.bytes[begin..self.at]).into_owned()))
    }

    fn hex(&mut self) -> Read<u32> {
        let digits = self.bytes.get(self.at..self.at + 4).ok_or("want four hex digits")?;
        let mut value = 0;
        for &digit in digits {
            value = value * 16 + (digit as char).to_digit(16).ok_or("want four hex digits")?;
        }
        self.at += 4;
        Ok(value)
    }

    fn escape(&mut self) -> Read<char> {
        let byte = *self.bytes.get(self.at).ok_or("want an escape")?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => byte as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut unit = self.hex()?;
                if (0xD800..0xDC00).contains(&unit) {
                    if !(self.take(b'\\') && self.take(b'u')) {
                        return Err("half a pair of surrogates");
                    }
                    let low = self.hex()?;
                    if !(0xDC00..0xE000).contains(&low) {
                        return Err("half a pair of surrogates");
                    }
                    unit = 0x10000 + (unit - 0xD800) * 0x400 + (low - 0xDC00);
                }
                char::from_u32(unit).ok_or("half a pair of surrogates")?
            }
            _ => return Err("not an escape"),
        })
    }

    fn text(&mut self) -> Read<String> {
        let mut out = Vec::new();
        self.at += 1;
        loop {
            let byte = *self.bytes.get(self.at).ok_or("a string without an end")?;
            self.at += 1;
            match byte {
                b'"' => return String::from_utf8(out).map_err(|_| "not UTF-8"),
                b'\\' => out.extend_from_slice(self.escape()?.encode_utf8(&mut [0; 4]).as_bytes()),
                0..=0x1F => return Err("a control character in a string"),
                _ => out.push(byte),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Read<Json> {
        if depth == MAX_DEPTH {
            return Err("nested too deep");
        }
        self.at += 1;
        let mut out = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Json::Array(out));
        }
        loop {
            out.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']') {
                return Ok(Json::Array(out));
            }
            if !self.take(b',') {
                return Err("want ',' or ']'");
            }
        }
    }

    fn object(&mut self, depth: usize) -> Read<Json> {
        if depth == MAX_DEPTH {
            return Err("nested too deep");
        }
        self.at += 1;
        let mut out: Vec<(String, Json)> = Vec::new();
        self.space();
        if self.take(b'}') {
            return Ok(Json::Object(out));
        }
        loop {
            self.space();
            if self.bytes.get(self.at) != Some(&b'"') {
                return Err("want a key");
            }
            let key = self.text()?;
            if out.iter().any(|(other, _)| *other == key) {
                return Err("a key is there twice");
            }
            self.space();
            if !self.take(b':') {
                return Err("want ':'");
            }
            out.push((key, self.value(depth + 1)?));
            self.space();
            if self.take(b'}') {
                return Ok(Json::Object(out));
            }
            if !self.take(b',') {
                return Err("want ',' or '}'");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "", "{", "[1,]", "{\"a\":1,}", "01", "1.", ".5", "+1", "1e", "tru", "\"\n\"", "\"", "{a:1}", "1x", "\"\\x\"",
            "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "NaN", "{\"a\":1,\"a\":2}", "-",
        ] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
        assert!(Json::parse(&"[".repeat(100_000)).is_err());
        let deep = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
        assert!(Json::parse(&deep).is_ok());
        assert!(Json::parse(&format!("[{deep}]")).is_err());
    }

    #[test]
    fn values_of_every_kind_are_read() {
        let json = Json::parse(" {\"a\": [1.50, -2e3, true, false, null, \"\\u00e9\\ud83d\\ude00\\n\\/\"], \"b\": {}} ").unwrap();
        let items = vec![
            Json::Number("1.50".into()), Json::Number("-2e3".into()), Json::Bool(true), Json::Bool(false), Json::Null,
            Json::Text("é😀\n/".into()),
        ];
        assert_eq!(json, Json::Object(vec![("a".into(), Json::Array(items)), ("b".into(), Json::Object(vec![]))]));
    }
}
