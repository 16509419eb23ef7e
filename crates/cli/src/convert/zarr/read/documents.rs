//! The documents of a store's nodes: `zarr.json` of version 3; `.zarray`, `.zgroup` and `.zattrs` of
//! version 2. Those that a group has gathered (consolidated) are taken from there.

use anyhow::{Context, Result, anyhow};
use serde_json::{Map, Value};
use zarrs::storage::{ReadableListableStorage, StoreKey, StorePrefix};

/// A node, by its path.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Empty for the root.
    pub path: String,
    pub version: u8,
    /// What the node says of itself; nothing for a group of version 2.
    pub document: Value,
    pub attributes: Map<String, Value>,
    pub is_array: bool,
}

/// All nodes of a store, groups before what is within them.
pub fn find(store: &ReadableListableStorage) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    let root = read(store, "")?
        .context("neither zarr.json nor .zgroup or .zarray is there, so it is no Zarr store")?;
    if let Some(gathered) = gathered(store, &root)? {
        nodes.push(root);
        nodes.extend(gathered);
    } else {
        walk(store, root, &mut nodes)?;
    }
    nodes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(nodes)
}

fn key(path: &str, name: &str) -> Result<StoreKey> {
    let key = match path {
        "" => name.to_owned(),
        path => format!("{path}/{name}"),
    };
    Ok(StoreKey::new(key)?)
}

fn document(store: &ReadableListableStorage, path: &str, name: &str) -> Result<Option<Value>> {
    let key = key(path, name)?;
    let Some(bytes) = store.get(&key)? else {
        return Ok(None);
    };
    // Zarr for Python writes names that JSON does not have.
    let text = String::from_utf8_lossy(&bytes);
    let read = serde_json::from_str(&text).or_else(|_| serde_json::from_str(&without_names(&text)));
    read.map(Some).with_context(|| format!("{key} is not JSON"))
}

/// `NaN` and the infinities, which Python writes, as texts.
fn without_names(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    let mut is_text = false;
    while let Some(next) = rest.chars().next() {
        let name = ["NaN", "-Infinity", "Infinity"]
            .into_iter()
            .find(|name| !is_text && rest.starts_with(name));
        let taken = match (name, next) {
            (Some(name), _) => {
                out.push('"');
                out.push_str(name);
                out.push('"');
                name.len()
            }
            (None, '\\') => {
                let n = rest.chars().take(2).map(char::len_utf8).sum();
                out.push_str(&rest[..n]);
                n
            }
            (None, next) => {
                is_text ^= next == '"';
                out.push(next);
                next.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    out
}

/// The node at a path, if there is one.
fn read(store: &ReadableListableStorage, path: &str) -> Result<Option<Node>> {
    if let Some(document) = document(store, path, "zarr.json")? {
        return v3(path, document).map(Some);
    }
    let array = document(store, path, ".zarray")?;
    if array.is_none() && document(store, path, ".zgroup")?.is_none() {
        return Ok(None);
    }
    let attributes = document(store, path, ".zattrs")?;
    Ok(Some(v2(path, array, attributes)))
}

fn v3(path: &str, document: Value) -> Result<Node> {
    let kind = document.get("node_type").and_then(Value::as_str);
    let is_array = match kind {
        Some("array") => true,
        Some("group") => false,
        _ => return Err(anyhow!("{path}/zarr.json says of no array or group")),
    };
    Ok(Node {
        path: path.to_owned(),
        version: 3,
        attributes: object(document.get("attributes").cloned()),
        document,
        is_array,
    })
}

fn v2(path: &str, array: Option<Value>, attributes: Option<Value>) -> Node {
    Node {
        path: path.to_owned(),
        version: 2,
        is_array: array.is_some(),
        document: array.unwrap_or_default(),
        attributes: object(attributes),
    }
}

fn object(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// The nodes that a root has gathered from all that is within it.
fn gathered(store: &ReadableListableStorage, root: &Node) -> Result<Option<Vec<Node>>> {
    if root.is_array {
        return Ok(Some(Vec::new()));
    }
    if root.version == 3 {
        let all = root.document.pointer("/consolidated_metadata/metadata");
        let Some(all) = all.and_then(Value::as_object) else {
            return Ok(None);
        };
        let nodes = all
            .iter()
            .map(|(path, document)| v3(path, document.clone()));
        return nodes.collect::<Result<_>>().map(Some);
    }
    let Some(document) = document(store, "", ".zmetadata")? else {
        return Ok(None);
    };
    let all = object(document.get("metadata").cloned());
    let nodes = all.iter().filter_map(|(key, document)| {
        let (path, name) = key.rsplit_once('/')?;
        let array = match name {
            ".zarray" => Some(document.clone()),
            ".zgroup" => None,
            _ => return None,
        };
        let attributes = all.get(&format!("{path}/.zattrs")).cloned();
        Some(v2(path, array, attributes))
    });
    Ok(Some(nodes.collect()))
}

/// A node and all within it, by listing.
fn walk(store: &ReadableListableStorage, node: Node, nodes: &mut Vec<Node>) -> Result<()> {
    let path = node.path.clone();
    let is_array = node.is_array;
    nodes.push(node);
    if is_array {
        return Ok(());
    }
    let prefix = match path.as_str() {
        "" => StorePrefix::root(),
        path => StorePrefix::new(format!("{path}/"))?,
    };
    let listed = store.list_dir(&prefix).context(
        "it cannot be listed, and its root has no consolidated metadata that say what is in it",
    )?;
    for prefix in listed.prefixes() {
        let path = prefix.as_str().trim_end_matches('/');
        if let Some(node) = read(store, path)? {
            walk(store, node, nodes)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_numbers_become_texts() {
        let text = r#"{"a": NaN, "b NaN \" NaN": [Infinity, -Infinity], "c": "NaN"}"#;
        let read: Value = serde_json::from_str(&without_names(text)).unwrap();
        assert_eq!(
            read,
            serde_json::json!({
                "a": "NaN", "b NaN \" NaN": ["Infinity", "-Infinity"], "c": "NaN"
            })
        );
    }
}
