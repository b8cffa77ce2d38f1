//! The document that is written and read: a tree of nodes with names, attributes, numbers, flags
//! and tags, like the scene of an editor or the state of a web page.

use dyno_guest::{Checksum, Fnv1a, SplitMix64};
use serde::{Deserialize, Serialize};

const WORDS: [&str; 16] = [
    "anchor",
    "border",
    "canvas",
    "détail",
    "editor",
    "footer",
    "gutter",
    "header",
    "inline",
    "jigsaw",
    "kernel",
    "legend",
    "margin",
    "naïve",
    "\"quoted\"",
    "two\nlines",
];

/// One node, with the nodes below it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    id: u64,
    kind: Kind,
    name: String,
    visible: bool,
    position: (f64, f64),
    offset: Option<i32>,
    tags: Vec<String>,
    attributes: Vec<Attribute>,
    children: Vec<Node>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    Group,
    Shape,
    Text,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Attribute {
    key: String,
    value: String,
}

/// A document of exactly `nodes` nodes, at least one; always the same one.
pub fn generate(nodes: u32) -> Node {
    let mut random = SplitMix64::new(u64::from(nodes));
    node(&mut random, nodes.max(1))
}

/// A node that has `nodes - 1` nodes below it, over two to eight children.
fn node(random: &mut SplitMix64, nodes: u32) -> Node {
    let mut below = nodes - 1;
    let mut shares = below.min(2 + random.below(7));
    let mut children = Vec::new();
    while shares > 0 {
        let share = below.div_ceil(shares);
        children.push(node(random, share));
        below -= share;
        shares -= 1;
    }
    let kind = match random.below(3) {
        0 => Kind::Group,
        1 => Kind::Shape,
        _ => Kind::Text,
    };
    Node {
        id: random.next_u64() >> random.below(60),
        kind,
        name: format!("{} {}", word(random), random.below(10_000)),
        visible: random.below(4) > 0,
        position: (coordinate(random), coordinate(random)),
        offset: (random.below(3) == 0).then(|| random.below(2000).cast_signed() - 1000),
        tags: (0..random.below(4))
            .map(|_| word(random).to_string())
            .collect(),
        attributes: (0..random.below(5)).map(|_| attribute(random)).collect(),
        children,
    }
}

fn attribute(random: &mut SplitMix64) -> Attribute {
    let words: Vec<&str> = (0..1 + random.below(8)).map(|_| word(random)).collect();
    Attribute {
        key: word(random).to_string(),
        value: words.join(" "),
    }
}

/// Hundredths: every decimal format reads back exactly what was written.
fn coordinate(random: &mut SplitMix64) -> f64 {
    f64::from(random.below(400_000).cast_signed() - 200_000) / 100.0
}

fn word(random: &mut SplitMix64) -> &'static str {
    WORDS[random.below(WORDS.len() as u32) as usize]
}

impl Checksum for Node {
    fn feed(&self, hash: &mut Fnv1a) {
        self.id.feed(hash);
        (self.kind as u8).feed(hash);
        self.name.feed(hash);
        self.visible.feed(hash);
        self.position.feed(hash);
        self.offset.feed(hash);
        self.tags.feed(hash);
        self.attributes.feed(hash);
        self.children.feed(hash);
    }
}

impl Checksum for Attribute {
    fn feed(&self, hash: &mut Fnv1a) {
        self.key.feed(hash);
        self.value.feed(hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(node: &Node) -> u32 {
        1 + node.children.iter().map(count).sum::<u32>()
    }

    fn depth(node: &Node) -> u32 {
        1 + node.children.iter().map(depth).max().unwrap_or(0)
    }

    /// The throughput in nodes, and the recursion limit of the readers (128), rest on these.
    #[test]
    fn as_many_nodes_as_asked_and_not_too_deep() {
        for nodes in [1, 2, 100, 1000, 10_000] {
            let document = generate(nodes);
            assert_eq!(count(&document), nodes);
            assert!(depth(&document) <= 20);
        }
    }
}
