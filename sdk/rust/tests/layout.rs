//! Each record against the layout that C compilers give the headers: tests/abi/layout.golden of the source tree, or the file
//! that STIPEND_LAYOUT names.

use std::collections::HashMap;

type Fields = Vec<(String, usize, usize)>;

/// (size, alignment, fields) of each struct.
fn golden() -> HashMap<String, (usize, usize, Fields)> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/abi/layout.golden");
    let path = std::env::var("STIPEND_LAYOUT").unwrap_or_else(|_| default.into());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut out = HashMap::new();
    let mut open = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("struct ") {
            let words: Vec<&str> = rest.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).collect();
            open = words[0].into();
            out.insert(open.clone(), (words[2].parse().unwrap(), words[4].parse().unwrap(), Vec::new()));
        } else if line.starts_with("    ") {
            let words: Vec<&str> = line.split_whitespace().collect();
            let field = (words[2].into(), words[0].parse().unwrap(), words[1].parse().unwrap());
            out.get_mut(&open).unwrap().2.push(field);
        }
    }
    out
}

#[test]
fn every_record_has_the_layout_of_the_c_headers() {
    let golden = golden();
    let own = stipend_plugin::abi::layouts();
    assert!(own.len() >= 11);
    for layout in own {
        let (size, align, fields) = golden.get(layout.name).unwrap_or_else(|| panic!("no {}", layout.name));
        assert_eq!((layout.size, layout.align), (*size, *align), "{}", layout.name);
        let got: Fields = layout.fields.iter().map(|(name, at, size)| (name.to_string(), *at, *size)).collect();
        assert_eq!(&got, fields, "{}", layout.name);
    }
}
