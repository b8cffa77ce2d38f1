//! The compiled code of a plugin, as files.

use std::collections::BTreeMap;

use dyno_job::{CodeFile, Layout};

/// The builds of a component, as files that a run worker loads.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) metered: CodeFile,
    /// The uninstrumented build in the layouts that were compiled so far; always in the plain one.
    pub(super) timed: BTreeMap<Layout, CodeFile>,
    /// How many layouts it has.
    pub(super) layouts: u32,
}

impl Code {
    pub(super) fn new(metered: CodeFile, timed: CodeFile) -> Self {
        let layouts = Layout::count(timed.bytes());
        Self {
            metered,
            timed: BTreeMap::from([(Layout::PLAIN, timed)]),
            layouts,
        }
    }

    /// The uninstrumented build in its plain layout.
    pub(super) fn plain(&self) -> &CodeFile {
        &self.timed[&Layout::PLAIN]
    }

    /// The uninstrumented build in a layout; the plain one where that could not be compiled.
    pub(super) fn timed(&self, layout: Layout) -> (Layout, &CodeFile) {
        match self.timed.get(&layout) {
            Some(code) => (layout, code),
            None => (Layout::PLAIN, self.plain()),
        }
    }
}
