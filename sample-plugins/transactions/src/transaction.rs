//! The steps of a transaction, and how they are applied.

use std::fmt;

use dyno_guest::SplitMix64;

use super::NODES;
use super::document::{Document, Id, Node, Nodes};

#[derive(Clone, Debug)]
pub enum Step {
    /// A new node with this id and text, as the last child of the parent.
    Insert {
        id: Id,
        parent: Id,
        text: String,
    },
    SetText(Id, String),
    /// Hangs a node without children under another parent.
    Move {
        id: Id,
        parent: Id,
    },
    /// Removes a node without children.
    Remove(Id),
}

/// A step names a node that is not there.
#[derive(Debug)]
pub struct Missing(Id);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no node {}", self.0)
    }
}

/// The next version of `document`, with all steps applied; or an error, and there is none.
pub fn commit<N: Nodes>(document: &Document<N>, steps: &[Step]) -> Result<Document<N>, Missing> {
    let mut next = document.clone();
    for step in steps {
        apply(&mut next.nodes, step)?;
    }
    Ok(next)
}

fn apply<N: Nodes>(nodes: &mut N, step: &Step) -> Result<(), Missing> {
    match step {
        Step::Insert { id, parent, text } => {
            let node = Node {
                parent: *parent,
                text: text.clone(),
                children: Vec::new(),
            };
            nodes.put(*id, node);
            change(nodes, *parent, |node| node.children.push(*id))
        }
        Step::SetText(id, text) => change(nodes, *id, |node| node.text.clone_from(text)),
        Step::Move { id, parent } => {
            detach(nodes, *id)?;
            change(nodes, *id, |node| node.parent = *parent)?;
            change(nodes, *parent, |node| node.children.push(*id))
        }
        Step::Remove(id) => {
            detach(nodes, *id)?;
            nodes.remove(*id);
            Ok(())
        }
    }
}

fn detach<N: Nodes>(nodes: &mut N, id: Id) -> Result<(), Missing> {
    let parent = nodes.get(id).ok_or(Missing(id))?.parent;
    change(nodes, parent, |node| {
        node.children.retain(|child| *child != id)
    })
}

fn change<N: Nodes>(nodes: &mut N, id: Id, how: impl FnOnce(&mut Node)) -> Result<(), Missing> {
    let mut node = nodes.get(id).ok_or(Missing(id))?.clone();
    how(&mut node);
    nodes.put(id, node);
    Ok(())
}

/// So many steps, always the same, all of which find what they name: nodes in the upper half have no
/// children, and each of those is moved or removed once at most.
pub fn steps(count: usize) -> Vec<Step> {
    let mut random = SplitMix64::new(count as u64);
    let leaves = NODES / 2..NODES;
    let mut leaves: Vec<Id> = leaves.collect();
    let inner = |random: &mut SplitMix64| u64::from(random.below(NODES as u32 / 8));
    (0..count)
        .map(|step| match random.below(8) {
            0..3 => Step::Insert {
                id: NODES + step as u64,
                parent: inner(&mut random),
                text: format!("inserted {step}"),
            },
            3..6 => Step::SetText(inner(&mut random), format!("changed {step}")),
            kind => {
                let id = leaves.swap_remove(random.below(leaves.len() as u32) as usize);
                match kind {
                    6 => Step::Move {
                        id,
                        parent: inner(&mut random),
                    },
                    _ => Step::Remove(id),
                }
            }
        })
        .collect()
}
