//! The XML of pushes: an element with text becomes a string, one with elements an object, and
//! repeated elements a list.

use roxmltree::{Document, Node};
use serde_json::{Map, Value};

/// The deepest nesting that is accepted; WeChat's own pushes have four levels.
const MAX_DEPTH: usize = 16;

/// Parses a push. Returns `None` if it is not well formed, has a DTD or is nested too deeply.
pub(super) fn parse(text: &str) -> Option<Map<String, Value>> {
    // Without options, the parser rejects a DTD, so there are no entities to expand.
    let document = Document::parse(text).ok()?;
    match element_value(document.root_element(), 1)? {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

fn element_value(element: Node<'_, '_>, depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut elements = element.children().filter(Node::is_element).peekable();
    if elements.peek().is_none() {
        return Some(element.children().filter_map(|node| node.text()).collect::<String>().into());
    }
    let mut fields = Map::new();
    for child in elements {
        let value = element_value(child, depth + 1)?;
        match fields.get_mut(child.tag_name().name()) {
            None => drop(fields.insert(child.tag_name().name().to_owned(), value)),
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Some(Value::Object(fields))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    #[test]
    fn elements_become_strings_objects_and_lists() {
        let text = "<xml>\n<A><![CDATA[x<b>&]]> y&amp;</A><L><I>1</I></L><L><I>2</I></L><E/></xml>";
        let expected = json!({"A": "x<b>& y&", "L": [{"I": "1"}, {"I": "2"}], "E": ""});
        assert_eq!(parse(text), expected.as_object().cloned());
    }

    #[test]
    fn nesting_is_limited_and_text_that_looks_like_it_is_not() {
        let nested = |levels: usize| format!("<xml>{}x{}</xml>", "<a>".repeat(levels), "</a>".repeat(levels));
        assert!(parse(&nested(15)).is_some());
        assert!(parse(&nested(16)).is_none());
        assert!(parse(&nested(9000)).is_none());
        assert!(parse(&"<a>".repeat(20_000)).is_none());
        assert!(parse(&format!("<xml><A><![CDATA[{}]]></A></xml>", "<a>".repeat(30))).is_some());
    }

    #[test]
    fn dtds_are_rejected() {
        for text in ["<!DOCTYPE a><xml><A/></xml>", "<!DOCTYPE a [<!ENTITY e \"x\">]><xml><A>&e;</A></xml>"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
