//! The programs beside this one: the portal, the stand-in Apple, the plain handler. Each ends with its handle.

use crate::{Outcome, http::Connection, plain};
use std::{
    ffi::OsStr,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{interval, timeout},
};

pub const POMONA: &str = env!("CARGO_BIN_EXE_pomona");
/// Nobody answers there: nothing may reach Apple from here.
pub const NO_APPLE: &str = "http://127.0.0.1:9/mdm/v2/";
/// How long a program may take to answer.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Program {
    child: Child,
    /// Host and port.
    pub address: String,
}

impl Program {
    /// `pomona serve` on this data; it answers when this returns.
    pub async fn serve(data: &Path) -> Outcome<Self> {
        let mut command = Command::new(POMONA);
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--apple-url",
                NO_APPLE,
                "--data",
            ])
            .arg(data);
        Self::announced(command).await
    }

    /// A plain axum handler that sends the bytes of this file.
    pub async fn plain(page: &Path) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.env(plain::PAGE, page);
        Self::announced(command).await
    }

    /// `pomona sandbox` with this preset; it answers when this returns.
    pub async fn sandbox(preset: &str) -> Outcome<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let mut command = Command::new(POMONA);
        command
            .args(["sandbox", "--preset", preset, "--listen", &address])
            .stdout(Stdio::null());
        let program = Self {
            child: start(command)?,
            address,
        };
        let answers = async {
            let mut tick = interval(Duration::from_millis(20));
            while Connection::open(&program.address).await.is_err() {
                tick.tick().await;
            }
        };
        timeout(PATIENCE, answers).await?;
        Ok(program)
    }

    /// A program that prints where it answers.
    async fn announced(mut command: Command) -> Outcome<Self> {
        command.stdout(Stdio::piped());
        let mut child = start(command)?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no standard output")?).lines();
        let address = async {
            while let Some(line) = lines.next_line().await? {
                if let Some((_, address)) = line.split_once("answers at http://") {
                    return Ok(address.trim().to_owned());
                }
            }
            Err("the program ended before it answered".into())
        };
        let address: Outcome<String> = timeout(PATIENCE, address).await?;
        Ok(Self {
            child,
            address: address?,
        })
    }

    pub async fn connect(&self) -> Outcome<Connection> {
        Connection::open(&self.address).await
    }

    /// Waits until it neither computes nor changes its memory for two seconds; answers its resident bytes.
    pub async fn quiet_memory(&self) -> Outcome<u64> {
        const LOOKS: u32 = 20;
        let pid = self.child.id().ok_or("the program has ended")?.to_string();
        let wait = async {
            let mut tick = interval(Duration::from_millis(100));
            let (mut last, mut same) = ((0, 0), 0);
            while same < LOOKS {
                tick.tick().await;
                let now = (resident(&pid)?, processor_time(&pid)?);
                same = if now == last { same + 1 } else { 0 };
                last = now;
            }
            Ok(last.0)
        };
        timeout(PATIENCE, wait).await?
    }

    /// Ends it and waits until it is gone.
    pub async fn stop(mut self) -> Outcome<()> {
        Ok(self.child.kill().await?)
    }
}

fn start(mut command: Command) -> Outcome<Child> {
    // What the caller's shell sets for another Pomona is not for this one.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_setting(name)) {
        command.env_remove(name);
    }
    Ok(command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .arg("--log=error")
        .spawn()?)
}

fn is_setting(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| name.starts_with("POMONA_") && name != plain::PAGE)
}

/// Resident bytes of a process; `self` is this one.
pub fn resident(pid: &str) -> Outcome<u64> {
    status(pid, "VmRSS:")
}

/// The most that was ever resident, or since [`forget_peak`].
pub fn peak(pid: &str) -> Outcome<u64> {
    status(pid, "VmHWM:")
}

/// Starts the peak of this process anew (proc_pid_clear_refs(5)).
pub fn forget_peak() -> Outcome<()> {
    Ok(std::fs::write("/proc/self/clear_refs", "5")?)
}

fn status(pid: &str, field: &str) -> Outcome<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .ok_or("no such field in /proc/*/status")?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim_end().parse()?;
    Ok(kibibytes * 1024)
}

/// In ticks.
fn processor_time(pid: &str) -> Outcome<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // Behind the program's name, which may hold anything: the fields from the third.
    let (_, fields) = text.rsplit_once(')').ok_or("no fields in /proc/*/stat")?;
    let times = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    Ok(times.sum::<Result<u64, _>>()?)
}
