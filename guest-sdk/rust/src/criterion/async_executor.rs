//! What runs the futures of [`to_async`](super::Bencher::to_async). The sandbox has one thread and
//! no sockets, so the executor here is small; bring another by implementing [`AsyncExecutor`].

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Runs a future to its end.
pub trait AsyncExecutor {
    /// Polls `future` until it is ready.
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T;
}

/// Runs futures on this thread. The name is Criterion's; the crate `futures` is not needed.
#[derive(Clone, Copy, Debug, Default)]
pub struct FuturesExecutor;

impl AsyncExecutor for FuturesExecutor {
    /// # Panics
    /// If the future waits for something that nothing in this thread will do, for then it would
    /// wait forever.
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            // With one thread, whatever could wake the future has run by the time `poll` returns.
            assert!(
                woken.0.swap(false, Ordering::Relaxed),
                "the future waits, and nothing is left that could wake it"
            );
        }
    }
}

/// Whether the future asked to be polled again.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, poll_fn};

    #[test]
    fn a_future_that_yields_is_polled_until_it_is_ready() {
        let mut left = 3;
        let counting = poll_fn(|context| {
            if left == 0 {
                return Poll::Ready("ready");
            }
            left -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        });
        assert_eq!(FuturesExecutor.block_on(counting), "ready");
    }

    /// It would hang otherwise, until the host's limit on time says something less helpful.
    #[test]
    #[should_panic(expected = "nothing is left that could wake it")]
    fn a_future_that_nobody_wakes_is_told() {
        FuturesExecutor.block_on(pending::<()>());
    }
}
