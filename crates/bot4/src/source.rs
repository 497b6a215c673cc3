//! Where settings come from: the options that every command shares, the files, the environment. One order of layers for
//! all commands, so that `config show` tells exactly what `run` would use.

use crate::config::{Config, FileConfig};
use crate::keys;
use clap::Args;
use config_manager::{ConfigError, Environment, EnvironmentError, Layers, Loaded};
use std::path::{Path, PathBuf};

/// Variables with our prefix that are no settings.
const NOT_SETTINGS: [&str; 1] = ["BOT4_PARADEX_PY_VENV"];

/// Options of every command that reads the configuration.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Source {
    /// Configuration file; `config.yaml` in the working directory if it is there.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// demo, paper or live; overrides the configuration.
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Option<String>,
    /// Where journal and database lie; a temporary folder in demo.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Any setting of the configuration, `--set spread_entry=0.25`; may be given more than once.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) settings: Vec<String>,
}

/// A setting by an option of the command's own: its name, its value, the option.
pub(crate) type Own<'a> = (&'a str, &'a str, &'a str);

/// Something that the caller has to write differently.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Whether an error is one of what the operator wrote: the exit code then says so.
pub(crate) fn is_wrong_input(e: &anyhow::Error) -> bool {
    e.is::<ConfigError>()
        || e.is::<Usage>()
        || e.is::<EnvironmentError>()
        || e.is::<config_manager::MissingCredential>()
        || e.is::<keys::WrongCredential>()
        || e.is::<keys::OpenToOthers>()
}

impl Source {
    /// The process's variables and `.env` of the working directory.
    ///
    /// # Errors
    /// [`EnvironmentError`] when `.env` is there and cannot be read.
    pub(crate) fn environment() -> Result<Environment, EnvironmentError> {
        Environment::load(Some(Path::new(".env")))
    }

    /// The configuration file: as asked for, else `config.yaml` here, else none.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.config.clone().or_else(|| {
            let here = PathBuf::from("config.yaml");
            here.exists().then_some(here)
        })
    }

    /// The environment, and the settings of a command that looks at the betting venues, which needs no pair of perps. With neither a
    /// configuration nor a credential of SX Bet the simulated venues are meant: whoever has one of them means the real ones.
    ///
    /// # Errors
    /// As [`Source::over`], and [`keys::OpenToOthers`].
    pub(crate) fn load_for_bets(&self) -> anyhow::Result<(Environment, Config)> {
        let environment = Self::environment()?;
        keys::refuse_open_file(&environment)?;
        let file = self.file();
        let layers = match &file {
            Some(file) => settings().file(file, "")?,
            None => settings(),
        };
        let newcomer = file.is_none() && !environment.secrets().any_present(&keys::OF_SX);
        let layers = if newcomer { layers.set("mode", "demo", "the demo")? } else { layers };
        let loaded = self.over(layers, &environment, &[])?.load::<FileConfig>()?;
        let config = Config::resolve_for_bets(&loaded)?;
        Ok((environment, config))
    }

    /// Lays the environment and the command line over what stands below them.
    ///
    /// # Errors
    /// [`ConfigError`] with the place, or [`Usage`] for an option that is no setting.
    pub(crate) fn over(&self, below: Layers, environment: &Environment, own: &[Own<'_>]) -> anyhow::Result<Layers> {
        if let Some(bad) = self.settings.iter().find(|s| !s.contains('=')) {
            return Err(Usage(format!("--set {bad}: write NAME=VALUE, for example --set spread_entry=0.25")).into());
        }
        let mut layers = below.environment(environment, "BOT4_", &NOT_SETTINGS)?;
        if let Some(mode) = &self.mode {
            layers = layers.set("mode", mode, "--mode")?;
        }
        if let Some(state) = &self.state {
            layers = layers.set("state", &state.display().to_string(), "--state")?;
        }
        for (name, value, option) in own {
            layers = layers.set(name, value, option)?;
        }
        for setting in &self.settings {
            let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
            layers = layers.set(name, value, "--set")?;
        }
        Ok(layers)
    }

    /// The configuration as a file and what lies over it say it.
    ///
    /// # Errors
    /// See [`Source::over`]; [`Usage`] when there is no file.
    pub(crate) fn load(&self, environment: &Environment, own: &[Own<'_>]) -> anyhow::Result<(Loaded<FileConfig>, Config)> {
        let Some(file) = self.file() else {
            return Err(Usage("there is no config.yaml here, and no --config; `bot4 init` writes one".to_owned()).into());
        };
        let loaded = self.over(from_file(&file)?, environment, own)?.load::<FileConfig>()?;
        let config = Config::resolve(&loaded)?;
        Ok((loaded, config))
    }
}

/// No layer yet, but the older names of settings, and what must not stand among them.
pub(crate) fn settings() -> Layers {
    let credential =
        "leads to a database with a password: set DATABASE_URL in .env or in the environment, no other file or option";
    let layers = keys::ALL.iter().fold(Layers::new(), |layers, name| {
        let why = "is a credential: it belongs into .env or into the environment, no other file or option";
        layers.refuse(name, why).refuse(&name.to_lowercase(), why)
    });
    layers
        .alias("entry_threshold", "spread_entry")
        .alias("exit_threshold", "spread_exit")
        .alias("expected_funding", "funding")
        .refuse_text("database", credential)
        .refuse("database.url", credential)
        .refuse("database_url", credential)
}

/// The lowest layer over the defaults.
fn from_file(file: &Path) -> Result<Layers, ConfigError> {
    settings().file(file, "")
}
