//! YAML into a tree: texts and places, no interpretation. Anchors, aliases, tags and several documents are refused:
//! a configuration says what it says where it stands.

use crate::error::{ConfigError, ErrorKind};
use crate::tree::{Entry, Node, Origin, Value};
use granit_parser::{Event, Marker, Parser, ScalarStyle};
use std::sync::Arc;

/// Sections and lists within one another.
const DEPTH_MAX: usize = 32;

/// Parses a file's text. `name` is how errors call it. An empty file sets nothing.
pub(crate) fn parse(name: &str, text: &str) -> Result<Node, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let name: Arc<str> = Arc::from(name);
    let at = |mark: &Marker| Origin::File { name: Arc::clone(&name), line: mark.line(), column: mark.col() + 1 };
    build(text, &at)
}

/// Parses one value that was typed into a variable or option; every place in it is `origin`.
pub(crate) fn parse_value(text: &str, origin: &Origin) -> Result<Node, ConfigError> {
    if text.trim_start().starts_with(['[', '{']) {
        return build(text, &|_| origin.clone());
    }
    Ok(Node { origin: origin.clone(), value: Value::Scalar { text: text.trim().to_owned(), plain: true } })
}

/// A list or map whose end has not come yet.
enum Open {
    List { origin: Origin, nodes: Vec<Node> },
    Map { origin: Origin, entries: Vec<Entry>, key: Option<(String, Origin)> },
}

fn build(text: &str, at: &dyn Fn(&Marker) -> Origin) -> Result<Node, ConfigError> {
    let refuse = |why: &str, origin: &Origin| ConfigError::new(ErrorKind::Syntax { why: why.to_owned() }).at(origin);
    let mut open: Vec<Open> = Vec::new();
    let mut root: Option<Node> = None;
    let mut documents = 0;
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|e| {
            let origin = at(e.marker());
            refuse(&format!("not YAML: {}", e.info()), &origin)
        })?;
        let origin = at(&span.start);
        let done = match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents > 1 {
                    return Err(refuse("a second document begins here, only one is read", &origin));
                }
                continue;
            }
            Event::Alias(_) | Event::Anchor(..) | Event::UnresolvedAlias(_) => {
                return Err(refuse("aliases (*name) are not supported, write the value out", &origin));
            }
            Event::Scalar(_, _, anchor, _) | Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _)
                if anchor != 0 =>
            {
                return Err(refuse("anchors (&name) are not supported, write the value out where it is needed", &origin));
            }
            Event::Scalar(_, _, _, Some(_)) | Event::SequenceStart(_, _, Some(_)) | Event::MappingStart(_, _, Some(_)) => {
                return Err(refuse("tags (!name) are not supported", &origin));
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() >= DEPTH_MAX => {
                return Err(refuse("nested too deeply", &origin));
            }
            Event::SequenceStart(..) => {
                open.push(Open::List { origin, nodes: Vec::new() });
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Map { origin, entries: Vec::new(), key: None });
                continue;
            }
            Event::Scalar(text, style, _, _) => {
                let plain = style == ScalarStyle::Plain;
                Node { origin, value: Value::Scalar { text: text.into_owned(), plain } }
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List { origin, nodes }) => Node { origin, value: Value::List(nodes) },
                Some(Open::Map { origin, entries, .. }) => Node { origin, value: Value::Map(entries) },
                None => continue,
            },
            _ => continue,
        };
        match open.last_mut() {
            None => root = Some(done),
            Some(Open::List { nodes, .. }) => nodes.push(done),
            Some(Open::Map { entries, key, .. }) => match (key.take(), done) {
                (Some((key, key_origin)), node) => entries.push(Entry { key, key_origin, node }),
                (None, Node { value: Value::Scalar { text, .. }, origin }) => {
                    if let Some(first) = entries.iter().find(|e| e.key == text) {
                        let other = format!("first at {}", first.key_origin);
                        return Err(ConfigError::new(ErrorKind::Twice { other }).with_path(&text).at(&origin));
                    }
                    *key = Some((text, origin));
                }
                (None, Node { origin, .. }) => return Err(refuse("a name must be a plain text", &origin)),
            },
        }
    }
    // A file of comments alone is one empty scalar, or nothing at all.
    Ok(root.filter(|node| !node.is_null()).unwrap_or_else(Node::nothing))
}
