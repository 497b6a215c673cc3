//! `bot4 register vest`: registers the signing key once, with the primary key typed or piped in and kept nowhere.
//!
//! The primary key can move everything the account holds, so it never stands in an argument, a variable, a file or a log
//! line: it is read, signs one proof, and is gone. What the venue returns is printed for `.env`; files that an operator
//! edits are not written by the bot.

use crate::cli::OK;
use crate::keys::{self, VEST_ACCOUNT_GROUP, VEST_API_KEY, VEST_SIGNING_KEY};
use crate::out;
use crate::probe::{Answer, Line};
use crate::source::{Source, Usage};
use crate::wiring::{self, Places};
use anyhow::Context;
use clap::Args;
use signing::{EvmKey, SanitizedValue};
use std::io::{BufRead, IsTerminal, Write};
use telemetry::Redactor;
use transport::LinkConfig;
use venue_api::{Header, Method};
use vest_client::{registered, registration_request};

/// What was asked for.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Prints VEST_API_KEY and VEST_ACCOUNT_GROUP for .env. Exit codes: 0 registered, 1 the venue did not, 2 wrong input."
)]
pub(crate) struct RegisterArgs {
    /// Which venue; Paradex subkeys are made in its web application.
    #[arg(value_parser = ["vest"])]
    venue: String,
    /// Read the primary key from standard input instead of asking for it at the terminal.
    #[arg(long)]
    primary_key_stdin: bool,
    #[command(flatten)]
    source: Source,
}

/// Registers, prints, and gives the exit code.
pub(crate) fn run(args: &RegisterArgs) -> u8 {
    match register(args) {
        Ok(()) => OK,
        Err(e) => out::failed(&e),
    }
}

fn register(args: &RegisterArgs) -> anyhow::Result<()> {
    let environment = Source::environment()?;
    let (_, config) = args.source.load(&environment, &[])?;
    let signing_key = environment.secrets().require(VEST_SIGNING_KEY)?;
    Redactor::global().register(&signing_key);
    let signer = keys::evm_key(VEST_SIGNING_KEY, &signing_key)?;
    let primary = primary_key(args.primary_key_stdin)?;
    Redactor::global().register(&primary);
    let wallet = EvmKey::from_hex(&primary).map_err(|e| Usage(format!("what was given is no primary key: {e}")))?;
    if wallet.address() == signer.address() {
        return Err(Usage(format!(
            "the primary key is {VEST_SIGNING_KEY} itself: draw a fresh key for signing, so that the wallet's own key need not \
             be on this machine"
        ))
        .into());
    }
    let places = Places::configured(&config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let registration = wiring::registration(&config, primary);
    let now = wiring::clock().now().wall.ms();
    let request = registration_request(&signing_key, &registration, now).map_err(|e| Usage(e.to_string()))?;
    drop(registration);
    let answer = tokio::task::LocalSet::new().block_on(&runtime, send(&places, request.body))?;
    let registered = match answer {
        Answer::Said { status, body } => registered(status, &body)?,
        Answer::Nothing(why) => anyhow::bail!("the venue could not be asked: {why}; registering again is harmless"),
    };
    Redactor::global().register(&registered.api_key);
    eprintln!(
        "Registered {} for the wallet {}, for 7 days. Put these lines into .env (chmod 600) and keep {VEST_SIGNING_KEY} there; \
         the primary key has no place on this machine.",
        request.signing_address, request.primary_address
    );
    // The one place where a secret is shown: it was asked for, and only standard output has it.
    println!("{VEST_API_KEY}={}\n{VEST_ACCOUNT_GROUP}={}", registered.api_key.expose_secret(), registered.acc_group);
    Ok(())
}

async fn send(places: &Places, body: String) -> anyhow::Result<Answer> {
    let (rest, ws) = &places.vest;
    let link = LinkConfig { extra_roots: places.roots.clone(), ..LinkConfig::new("Vest", rest, ws) };
    let line = Line::new(link, wiring::clock()).context("venues.vest.rest")?;
    let headers = vec![
        Header { name: "xrestservermm", value: SanitizedValue::from("restserver0") },
        Header { name: "User-Agent", value: SanitizedValue::from("bot4/0.1") },
    ];
    let answer = line.ask(Method::Post, "/register".to_owned(), headers, body).await;
    line.stop().await;
    Ok(answer)
}

/// The primary key: one line of standard input, or typed at the terminal without being shown.
fn primary_key(from_stdin: bool) -> anyhow::Result<SanitizedValue> {
    let stdin = std::io::stdin();
    if !from_stdin && !stdin.is_terminal() {
        return Err(Usage(
            "standard input is no terminal to ask at; pipe the primary key in with --primary-key-stdin".to_owned(),
        )
        .into());
    }
    let hidden = if from_stdin {
        None
    } else {
        eprint!("Primary key of the Vest account's wallet (is not shown, is not stored): ");
        std::io::stderr().flush()?;
        Some(NoEcho::on()?)
    };
    let mut text = String::new();
    stdin.lock().read_line(&mut text).context("the primary key could not be read")?;
    drop(hidden);
    let key = SanitizedValue::from(text.trim());
    // What was read is not left behind in freed memory.
    let mut bytes = text.into_bytes();
    bytes.fill(0);
    std::hint::black_box(&bytes);
    if key.expose_secret().is_empty() {
        return Err(Usage("no primary key was given".to_owned()).into());
    }
    Ok(key)
}

/// The terminal shows nothing of what is typed while this lives.
struct NoEcho(rustix::termios::Termios);

impl NoEcho {
    fn on() -> anyhow::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let stdin = std::io::stdin();
        let before = tcgetattr(&stdin).context("the terminal cannot be told to hide the key")?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&stdin, OptionalActions::Flush, &hidden).context("the terminal cannot be told to hide the key")?;
        Ok(Self(before))
    }
}

impl Drop for NoEcho {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // If this fails the terminal is gone, and nobody types into it.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
        eprintln!();
    }
}
