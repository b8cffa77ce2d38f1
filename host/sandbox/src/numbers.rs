//! Numbers for what the host's file system tells apart by device and inode: 1, 2, 3 … in the order
//! in which a guest asks for them.

use std::collections::HashMap;

/// The numbers of one guest, by WASI's hash of device and inode.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    by_inode: HashMap<u64, u64>,
    last: u64,
}

impl Numbers {
    pub(super) fn of(&mut self, inode: u64) -> u64 {
        let last = &mut self.last;
        *self.by_inode.entry(inode).or_insert_with(|| {
            *last += 1;
            *last
        })
    }

    /// Whether the guest has asked for none.
    pub(super) fn is_empty(&self) -> bool {
        self.by_inode.is_empty()
    }

    /// Its last name is gone, so whatever has the inode from now on is another file.
    pub(super) fn forget(&mut self, inode: Option<u64>) {
        inode.map(|inode| self.by_inode.remove(&inode));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stays_until_the_last_name_is_gone_and_is_never_given_twice() {
        let mut numbers = Numbers::default();
        assert_eq!([numbers.of(77), numbers.of(5), numbers.of(77)], [1, 2, 1]);
        numbers.forget(None);
        assert_eq!(numbers.of(77), 1);
        numbers.forget(Some(77));
        assert_eq!(numbers.of(77), 3);
    }
}
