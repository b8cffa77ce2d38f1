//! The document: a tree of nodes with texts, kept in one map from ids to nodes.

use std::collections::HashMap;

use dyno_guest::{Checksum, Fnv1a};
use rpds::HashTrieMap;

/// Names a node; the root is 0.
pub type Id = u64;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    pub parent: Id,
    pub text: String,
    pub children: Vec<Id>,
}

/// The map. A clone is the next version, of which the old one must not notice anything.
pub trait Nodes: Clone + Default + 'static {
    fn get(&self, id: Id) -> Option<&Node>;
    fn put(&mut self, id: Id, node: Node);
    fn remove(&mut self, id: Id);
    fn ids(&self) -> Vec<Id>;
}

impl Nodes for HashTrieMap<Id, Node> {
    fn get(&self, id: Id) -> Option<&Node> {
        self.get(&id)
    }

    fn put(&mut self, id: Id, node: Node) {
        self.insert_mut(id, node);
    }

    fn remove(&mut self, id: Id) {
        self.remove_mut(&id);
    }

    fn ids(&self) -> Vec<Id> {
        self.keys().copied().collect()
    }
}

impl Nodes for HashMap<Id, Node> {
    fn get(&self, id: Id) -> Option<&Node> {
        self.get(&id)
    }

    fn put(&mut self, id: Id, node: Node) {
        self.insert(id, node);
    }

    fn remove(&mut self, id: Id) {
        self.remove(&id);
    }

    fn ids(&self) -> Vec<Id> {
        self.keys().copied().collect()
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document<N> {
    pub nodes: N,
}

impl<N: Nodes> Document<N> {
    /// A document of exactly `nodes` nodes with eight children each, as far as they go.
    pub fn generate(nodes: u64) -> Self {
        let mut document = Self::default();
        for id in 0..nodes {
            let children = (8 * id + 1..8 * id + 9).take_while(|child| *child < nodes);
            let node = Node {
                parent: id.saturating_sub(1) / 8,
                text: format!("node {id}"),
                children: children.collect(),
            };
            document.nodes.put(id, node);
        }
        document
    }
}

/// All nodes, by id: the maps have no order of their own.
impl<N: Nodes> Checksum for Document<N> {
    fn feed(&self, hash: &mut Fnv1a) {
        let mut ids = self.nodes.ids();
        ids.sort_unstable();
        for id in ids {
            let node = self.nodes.get(id);
            let fields = node.map(|node| (node.parent, node.text.as_str(), &node.children[..]));
            (id, fields).feed(hash);
        }
    }
}
