//! The thread that trades, and what becomes of the process when something panics on it.
//!
//! A panic is a state that nobody thought of: nothing after it may be trusted with money, and least of all a shutdown that
//! could wait for a lock that the panic holds. So it is told before the stack unwinds, and the process ends at once; what is
//! open is in the journal, for the next start or the watchdog.

use std::any::Any;
use std::cell::RefCell;
use std::panic::PanicHookInfo;
use std::sync::Once;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Something panicked on the trading thread.
#[derive(Debug, thiserror::Error)]
#[error("the trading thread panicked: {0}; nothing it held is trusted any more, and what is open is in the journal")]
pub(crate) struct Panicked(String);

thread_local! {
    /// Set on a trading thread alone.
    static TELL: RefCell<Option<oneshot::Sender<Panicked>>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// A trading thread that runs.
pub(crate) struct HotThread<T> {
    finished: oneshot::Receiver<anyhow::Result<T>>,
    panicked: oneshot::Receiver<Panicked>,
    thread: JoinHandle<()>,
}

/// Starts it.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn spawn<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> std::io::Result<HotThread<T>> {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            before(panic);
            tell(panic);
        }));
    });
    let (finish, finished) = oneshot::channel();
    let (alarm, panicked) = oneshot::channel();
    let thread = std::thread::Builder::new().name("bot4-hot".to_owned()).spawn(move || {
        TELL.set(Some(alarm));
        let _ = finish.send(work()); // nobody listens any more only if the process is ending
    })?;
    Ok(HotThread { finished, panicked, thread })
}

fn tell(panic: &PanicHookInfo<'_>) {
    // Borrowed already only if this is a panic within this function.
    let alarm = TELL.with(|t| t.try_borrow_mut().ok().and_then(|mut t| t.take()));
    if let Some(alarm) = alarm {
        let place = panic.location().map(|l| format!(" ({}:{})", l.file(), l.line())).unwrap_or_default();
        let _ = alarm.send(Panicked(format!("{}{place}", text(panic.payload())))); // as above
    }
}

fn text(payload: &(dyn Any + Send)) -> &str {
    payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no word")
}

impl<T> HotThread<T> {
    /// Waits for its result, or for the first panic on it: on the thread itself or in any task that runs there.
    ///
    /// # Errors
    /// What the work came back with; [`Panicked`], and then the thread is not waited for.
    pub(crate) async fn result(self) -> anyhow::Result<T> {
        let Self { mut finished, panicked, thread } = self;
        let result = tokio::select! {
            biased;
            Ok(panic) = panicked => return Err(panic.into()),
            result = &mut finished => result,
        };
        let result = result.unwrap_or_else(|_| Err(anyhow::anyhow!("the trading thread ended without a word")));
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!(target: "bot4", "the trading thread did not end properly");
        }
        result
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "panics are what is tested")]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    /// A shutdown that waits for ever.
    struct Hangs(mpsc::Receiver<()>);
    impl Drop for Hangs {
        fn drop(&mut self) {
            self.0.recv().ok();
        }
    }

    async fn told<T: Send + 'static>(work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> anyhow::Result<T> {
        tokio::time::timeout(Duration::from_secs(10), spawn(work).unwrap().result()).await.expect("told at once")
    }

    #[tokio::test]
    async fn a_panic_on_the_trading_thread_is_told_at_once_although_what_it_unwinds_hangs() {
        let (never, hangs) = mpsc::channel();
        let ended = told(move || -> anyhow::Result<()> {
            let _hangs = Hangs(hangs);
            panic!("planted");
        });
        let error = ended.await.unwrap_err();
        assert!(error.is::<Panicked>(), "{error}");
        assert!(error.to_string().contains("planted") && error.to_string().contains("hot_thread.rs"), "{error}");
        drop(never);
    }

    #[tokio::test]
    async fn a_panic_in_a_task_of_that_thread_is_told_although_the_runtime_would_go_on_without_it() {
        let ended = told(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            tokio::task::LocalSet::new().block_on(&runtime, async {
                let task = tokio::task::spawn_local(async { panic!("in a link") });
                assert!(task.await.is_err());
                std::future::pending::<anyhow::Result<()>>().await
            })
        });
        assert!(ended.await.unwrap_err().to_string().contains("in a link"));
    }

    #[tokio::test]
    async fn a_panic_elsewhere_leaves_the_trading_alone_and_results_come_through() {
        let (go, wait) = mpsc::channel();
        let trading = spawn(move || Ok(wait.recv()?)).unwrap();
        std::thread::spawn(|| panic!("not the trading")).join().unwrap_err();
        go.send(7).unwrap();
        assert_eq!(trading.result().await.unwrap(), 7);
        assert_eq!(told(|| -> anyhow::Result<()> { anyhow::bail!("refused") }).await.unwrap_err().to_string(), "refused");
    }
}
