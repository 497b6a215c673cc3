//! A terminal that is redrawn in place and gives its keys one by one, and gets back what it was at the end.

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use std::io::{IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::time::Duration;

/// Another page than the one that was being read; no cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
/// Back, with the cursor.
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

/// How often keys are looked for: no person waits for that.
const KEYS_EVERY: Duration = Duration::from_millis(100);

/// The terminal while it is ours.
pub(super) struct Terminal {
    /// As it was; `None` where standard input is something else.
    before: Option<Termios>,
}

impl Terminal {
    /// Takes the terminal over. Ctrl-C stays a signal.
    pub(super) fn take() -> Self {
        let stdin = std::io::stdin();
        let before = if stdin.is_terminal() { tcgetattr(stdin.as_fd()).ok() } else { None };
        let before = before.filter(|before| {
            let mut ours = before.clone();
            ours.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
            // A read takes what has been typed and never waits.
            ours.special_codes[SpecialCodeIndex::VMIN] = 0;
            ours.special_codes[SpecialCodeIndex::VTIME] = 0;
            tcsetattr(stdin.as_fd(), OptionalActions::Now, &ours).is_ok()
        });
        put(ENTER);
        Self { before }
    }

    /// Width and height.
    pub(super) fn size() -> (usize, usize) {
        let size = tcgetwinsize(std::io::stdout().as_fd());
        size.ok().filter(|s| s.ws_col > 0 && s.ws_row > 0).map_or((80, 24), |s| (usize::from(s.ws_col), usize::from(s.ws_row)))
    }

    /// Puts these lines where the last ones were. No blank screen in between, so that nothing flickers.
    pub(super) fn draw(lines: &[String]) {
        let mut text = String::from("\x1b[H");
        for (n, line) in lines.iter().enumerate() {
            if n > 0 {
                text.push_str("\r\n");
            }
            text.push_str(line);
            text.push_str("\x1b[K");
        }
        text.push_str("\x1b[J");
        put(&text);
    }

    /// Waits for a key that ends it. Never comes back where there are no keys.
    pub(super) async fn ended_by_key(&self) {
        if self.before.is_none() {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(KEYS_EVERY).await;
            let mut typed = [0u8; 32];
            let read = rustix::io::read(std::io::stdin().as_fd(), &mut typed).unwrap_or(0);
            if typed.iter().take(read).any(|key| matches!(key, b'q' | b'Q' | 3 | 4)) {
                return;
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        put(LEAVE);
        if let Some(before) = &self.before {
            // A terminal that is gone needs nothing back.
            let _ = tcsetattr(std::io::stdin().as_fd(), OptionalActions::Now, before);
        }
    }
}

fn put(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush()); // nobody is left to tell
}
