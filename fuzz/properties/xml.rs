//! The XML of pushes: bounded, without a DTD, and equal after it is parsed, written and parsed
//! again.

use serde_json::{Map, Value};

use super::push::settings;

/// Returns how deeply elements are nested, the root included.
pub fn element_depth(fields: &Map<String, Value>) -> usize {
    fn depth(value: &Value) -> usize {
        match value {
            Value::Object(fields) => element_depth(fields),
            Value::Array(values) => values.iter().map(depth).max().unwrap_or(0),
            _ => 1,
        }
    }
    1 + fields.values().map(depth).max().unwrap_or(0)
}

fn write_elements(fields: &Map<String, Value>, text: &mut String) {
    for (name, value) in fields {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            *text += &format!("<{name}>");
            match value {
                Value::Object(fields) => write_elements(fields, text),
                value => {
                    let content = value.as_str().expect("elements are strings, objects and lists");
                    // A carriage return, which only a reference can make, would be read as a line
                    // feed.
                    let content = content.replace("]]>", "]]]]><![CDATA[>").replace('\r', "]]>&#13;<![CDATA[");
                    *text += &format!("<![CDATA[{content}]]>");
                }
            }
            *text += &format!("</{name}>");
        }
    }
}

/// The input is a document.
pub fn check_push_xml(bytes: &[u8]) {
    let settings = settings("wx0123456789abcdef", &[]);
    let Ok(message) = settings.open_trusted(bytes) else { return };
    assert!(bytes.len() <= 64 << 10);
    assert!(element_depth(&message.fields) <= 16, "nested too deeply");
    assert!(!bytes.trim_ascii_start().starts_with(b"<!DOCTYPE"), "a DTD is accepted");
    let mut text = String::from("<xml>");
    write_elements(&message.fields, &mut text);
    text += "</xml>";
    if text.len() <= 64 << 10 {
        let again = settings.open_trusted(text.as_bytes()).expect("what was read can be read again");
        assert_eq!(again.fields, message.fields);
        assert_eq!(again.dedupe_key(), message.dedupe_key());
        assert_eq!(again.event, message.event);
    }
}
