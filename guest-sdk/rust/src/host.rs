//! The three functions that the host offers. In a component they are the imports of the contract;
//! in a native build, which exists for authors' tests, the stand-in of [`crate::test`] answers.

#[cfg(target_family = "wasm")]
pub(crate) use crate::component::bindings::dyno::bench::bench::{next, start, stop};

#[cfg(not(target_family = "wasm"))]
pub(crate) use native::*;

#[cfg(not(target_family = "wasm"))]
mod native {
    use std::cell::RefCell;
    use std::collections::VecDeque;

    thread_local! {
        static HOST: RefCell<Host> = RefCell::default();
    }

    /// A host that asks for the stated batches and watches that the guest keeps to the contract.
    #[derive(Debug, Default)]
    struct Host {
        batches: VecDeque<u64>,
        state: State,
        pairs: u64,
        checksums: Vec<u64>,
        fault: Option<String>,
    }

    /// ```text
    /// Idle ─next─► Stopped ◄─start/stop─► Timed
    ///                 └─next, no batch left─► Done
    /// ```
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    enum State {
        #[default]
        Idle,
        Stopped,
        Timed,
        Done,
    }

    pub(crate) fn next(checksum: u64) -> Option<u64> {
        HOST.with_borrow_mut(|host| {
            match host.state {
                State::Idle => {}
                State::Stopped if host.pairs > 0 => host.checksums.push(checksum),
                State::Stopped => host.blame("a batch without `start` and `stop`"),
                State::Timed => host.blame("`next` before `stop`"),
                State::Done => host.blame("`next` after the last batch"),
            }
            host.pairs = 0;
            let batch = if host.fault.is_none() {
                host.batches.pop_front()
            } else {
                None
            };
            host.state = if batch.is_some() {
                State::Stopped
            } else {
                State::Done
            };
            batch
        })
    }

    pub(crate) fn start() {
        HOST.with_borrow_mut(|host| match host.state {
            State::Stopped => host.state = State::Timed,
            _ => host.blame("`start` where the clock cannot start"),
        });
    }

    pub(crate) fn stop() {
        HOST.with_borrow_mut(|host| match host.state {
            State::Timed => {
                host.state = State::Stopped;
                host.pairs += 1;
            }
            _ => host.blame("`stop` without `start`"),
        });
    }

    /// Whether the clock is running.
    #[cfg(test)]
    pub(crate) fn is_timed() -> bool {
        HOST.with_borrow(|host| host.state == State::Timed)
    }

    /// Calls `run` with a host that asks for `batches`, and returns the checksum of each.
    pub(crate) fn drive(
        batches: &[u64],
        run: impl FnOnce() -> Result<(), String>,
    ) -> Result<Vec<u64>, String> {
        HOST.set(Host {
            batches: batches.iter().copied().collect(),
            ..Host::default()
        });
        let outcome = run();
        let mut host = HOST.take();
        outcome?;
        if host.state != State::Done {
            host.blame("returned before its last batch");
        }
        host.fault.map_or(Ok(host.checksums), Err)
    }

    impl Host {
        /// Keeps the first fault, which the later ones follow from.
        fn blame(&mut self, fault: &str) {
            self.fault
                .get_or_insert_with(|| format!("against the contract: {fault}"));
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn fault(run: impl FnOnce()) -> Option<String> {
            let outcome = drive(&[1, 2], || {
                run();
                Ok(())
            });
            outcome.err()
        }

        /// A stand-in that lets faults pass would make authors' tests worthless.
        #[test]
        fn each_breach_of_the_contract_is_named() {
            let pair = || (start(), stop());
            let whole = || {
                while next(0).is_some() {
                    pair();
                }
            };
            assert_eq!(fault(whole), None);
            let breaches: [(&str, &dyn Fn()); 7] = [
                ("returned before its last batch", &|| ()),
                ("a batch without `start` and `stop`", &|| {
                    while next(0).is_some() {}
                }),
                ("`next` before `stop`", &|| {
                    next(0);
                    start();
                    next(0);
                }),
                ("`stop` without `start`", &|| {
                    next(0);
                    stop();
                }),
                ("`start` where the clock cannot start", &|| {
                    next(0);
                    start();
                    start();
                }),
                ("`start` where the clock cannot start", &start),
                ("`next` after the last batch", &|| {
                    whole();
                    next(0);
                }),
            ];
            for (message, breach) in breaches {
                let found = fault(breach);
                assert_eq!(found, Some(format!("against the contract: {message}")));
            }
        }
    }
}
