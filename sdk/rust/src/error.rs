use crate::abi;

/// Why a call failed. A message reads "what failed: which object: got X, want Y".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub status: abi::Status,
    /// A JSON pointer into the configuration, empty for none.
    pub path: String,
    pub message: String,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// `status` is below 0; any other reads as INTERNAL.
    pub fn new(status: abi::Status, message: impl Into<String>) -> Self {
        let status = if status < abi::OK { status } else { abi::INTERNAL };
        Self { status, path: String::new(), message: message.into() }
    }

    /// About the value of a key of the configuration.
    pub fn config(key: &str, message: impl std::fmt::Display) -> Self {
        let path = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
        Self { status: abi::CONFIG, path, message: message.to_string() }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.message)
    }
}
impl std::error::Error for Error {}

/// Fills a field of fixed length: cut before a character that does not fit, ended at a NUL, the rest zero.
pub(crate) fn set_text(field: &mut [u8], text: &str) {
    let text = text.split('\0').next().unwrap_or("");
    let mut end = text.len().min(field.len() - 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    field.fill(0);
    field[..end].copy_from_slice(&text.as_bytes()[..end]);
}

/// Fills the caller's record, if there is one that has the fields.
///
/// # Safety
/// `out` is NULL or leads to a record of at least `size` bytes.
pub(crate) unsafe fn report(out: *mut abi::ErrorRecord, error: &Error) -> abi::Status {
    if !out.is_null() && (*out).size as usize >= std::mem::size_of::<abi::ErrorRecord>() {
        let out = &mut *out;
        out.flags = if error.status == abi::CONFIG { abi::ERROR_PERMANENT } else { 0 };
        set_text(&mut out.path, &error.path);
        set_text(&mut out.message, &error.message);
    }
    error.status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_two_characters_and_at_a_nul() {
        let mut field = [b'x'; 6];
        set_text(&mut field, "abcdé");
        assert_eq!(&field, b"abcd\0\0");
        set_text(&mut field, "a\0b");
        assert_eq!(&field, b"a\0\0\0\0\0");
        set_text(&mut field, "abcdefgh");
        assert_eq!(&field, b"abcde\0");
    }

    #[test]
    fn a_key_is_a_json_pointer() {
        let error = Error::config("a/b~c", "got 1, want 2");
        assert_eq!(error.path, "/a~1b~0c");
        assert_eq!(error.message, "got 1, want 2");
        assert_eq!(Error::new(5, "m").status, abi::INTERNAL);
    }
}
