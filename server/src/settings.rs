//! Every setting, its default, and what it does: the command line and the environment are read here.

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, builder::FalseyValueParser};
use std::{net::SocketAddr, path::PathBuf};

/// Pomona: the portal for apps and books that organisations buy in volume from Apple.
#[derive(Parser, Debug)]
#[command(name = "pomona", version)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Command,
    /// How log lines are written.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, env = "POMONA_LOG_FORMAT")]
    pub log_format: LogFormat,
    /// What is logged, such as `info` or `server=debug,warn`.
    #[arg(long, global = true, default_value = "info", env = "POMONA_LOG")]
    pub log: String,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Runs the portal against Apple.
    Serve(Serve),
    /// Runs the portal with a stand-in Apple inside.
    Demo(Demo),
    /// Runs the stand-in Apple alone.
    Sandbox(SandboxArgs),
    /// Prints a fresh one-time link for the account with this e-mail address, such as an owner who lost the password.
    /// Give it the same settings of storage as `serve`.
    Link(Link),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// Where things are kept.
#[derive(Args, Clone, Debug)]
pub struct Storage {
    /// The folder for the database and the key, if they are not given apart.
    #[arg(long, default_value = "pomona-data", env = "POMONA_DATA")]
    pub data: PathBuf,
    /// `postgres://…`, or the path of an SQLite file; `pomona.sqlite` in the data folder if not given.
    #[arg(long, env = "POMONA_DATABASE")]
    pub database: Option<String>,
    /// The file with the key that seals secrets, 64 hexadecimal digits; `pomona.key` in the data folder, made at first
    /// start, if not given. Keep a copy apart from the database's.
    #[arg(long, env = "POMONA_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// The key itself, instead of a file.
    #[arg(long, env = "POMONA_KEY", hide_env_values = true)]
    pub key: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub struct Serve {
    #[command(flatten)]
    pub storage: Storage,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:3000", env = "POMONA_LISTEN")]
    pub listen: SocketAddr,
    /// Where people reach Pomona, such as `https://apps.example.org`; `http://` and the listening address if not given.
    /// With https, cookies are for https alone.
    #[arg(long, env = "POMONA_BASE_URL")]
    pub base_url: Option<String>,
    /// A reverse proxy stands in front: the client's address is the last one in `X-Forwarded-For`.
    #[arg(long, env = "POMONA_BEHIND_PROXY", action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    pub behind_proxy: bool,
    /// Apple's address.
    #[arg(long, default_value = apple::APPLE_BASE_URL, env = "POMONA_APPLE_URL")]
    pub apple_url: String,
    #[command(flatten)]
    pub mail: MailArgs,
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// How mail is sent; without it people are invited by links alone.
#[derive(Args, Clone, Debug, Default)]
pub struct MailArgs {
    /// The mail server: `smtps://user:password@mail.example.org`, or `smtp://user:password@mail.example.org?tls=required`.
    /// Without `tls` in it, `smtp://` sends in the clear: for a relay that asks for no password, or on this machine.
    #[arg(long, env = "POMONA_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// Whom mails are from, such as `Apps <apps@example.org>`.
    #[arg(long, env = "POMONA_MAIL_FROM")]
    pub mail_from: Option<String>,
    /// The language of mails.
    #[arg(long, value_enum, default_value_t = MailLanguage::En, env = "POMONA_MAIL_LANGUAGE")]
    pub mail_language: MailLanguage,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MailLanguage {
    #[default]
    En,
    Sv,
    Nl,
}

/// How the engine works; the defaults are right against Apple.
#[derive(Args, Clone, Debug)]
pub struct EngineArgs {
    /// Locations that are synced and operated on at once.
    #[arg(long, default_value_t = 8, env = "POMONA_WORKERS")]
    pub workers: usize,
    /// Milliseconds after which Apple is first asked how far a job is.
    #[arg(long, default_value_t = 3_000, env = "POMONA_FIRST_POLL")]
    pub first_poll: u64,
    /// Milliseconds between two such questions; Apple asks for 30 seconds.
    #[arg(long, default_value_t = 30_000, env = "POMONA_NEXT_POLL")]
    pub next_poll: u64,
    /// Milliseconds that Apple is given to show what came of a call that broke off, before it is sent again.
    #[arg(long, default_value_t = 120_000, env = "POMONA_OUTCOME_WAIT")]
    pub outcome_wait: u64,
    /// Milliseconds of the first pause after a failed call; it doubles up to a minute.
    #[arg(long, default_value_t = 1_000, env = "POMONA_FIRST_PAUSE")]
    pub first_pause: u64,
    /// Milliseconds between two cheap looks at whether anything changed at Apple; full syncs come by their own schedule.
    #[arg(long, default_value_t = 900_000, env = "POMONA_CHECK")]
    pub check: u64,
    /// Milliseconds after a notification of Apple's until what it told is compared with Apple's counts.
    #[arg(long, default_value_t = 30_000, env = "POMONA_SETTLE")]
    pub settle: u64,
    /// Milliseconds that a location stays with a worker that shows no sign of life.
    #[arg(long, default_value_t = 30_000, env = "POMONA_LEASE")]
    pub lease: u64,
}

#[derive(Args, Clone, Debug)]
pub struct Demo {
    /// The folder for everything the demo keeps.
    #[arg(long, default_value = "pomona-data/demo", env = "POMONA_DEMO_DATA")]
    pub data: PathBuf,
    /// Starts over: what the demo kept is deleted.
    #[arg(long)]
    pub fresh: bool,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:3000", env = "POMONA_LISTEN")]
    pub listen: SocketAddr,
    /// The stand-in Apple's address.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub sandbox_listen: SocketAddr,
    /// `postgres://…` instead of SQLite in the data folder: a database of the demo's own, which has no other account.
    #[arg(long, env = "POMONA_DEMO_DATABASE")]
    pub database: Option<String>,
    /// What is bought and who has it in the stand-in Apple.
    #[arg(long, value_enum, default_value_t = Preset::Demo)]
    pub preset: Preset,
    /// Uploads the sample token files at first start, so that there is something to see.
    #[arg(long)]
    pub filled: bool,
    /// Prints where everything is as one line of JSON, for programs.
    #[arg(long)]
    pub print_json: bool,
}

#[derive(Args, Clone, Debug)]
pub struct SandboxArgs {
    /// The address to listen on: loopback only.
    #[arg(long, default_value = "127.0.0.1:3001")]
    pub listen: SocketAddr,
    #[arg(long, value_enum, default_value_t = Preset::Demo)]
    pub preset: Preset,
    /// Another seed makes other organisations.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    pub seed: u64,
}

/// With this seed the stand-in has the organisations of the preset as they are.
pub const DEFAULT_SEED: u64 = 1;

/// Organisations in the stand-in Apple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// Two schools and an office.
    Demo,
    /// One location with 1,000,000 assignments.
    Million,
    /// 3,000 locations.
    Many,
}

#[derive(Args, Clone, Debug)]
pub struct Link {
    #[command(flatten)]
    pub storage: Storage,
    /// Where people reach Pomona: without it the link is printed from its path on.
    #[arg(long, env = "POMONA_BASE_URL")]
    pub base_url: Option<String>,
    pub email: String,
}
