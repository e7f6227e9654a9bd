//! The program: reads the command line and starts what it says.

use clap::Parser;
use sandbox::Sandbox;
use server::{
    clock::SystemClock,
    demo::{RunningDemo, stand_in, start_demo},
    engine::EngineSettings,
    settings::{Command, CommandLine, Demo, Link, LogFormat, SandboxArgs, Serve},
    start::{Start, StartError, apple_settings, first_link, fresh_link, mail_settings, start},
};
use std::{
    io::{self, Write},
    process::ExitCode,
};
use tokio::signal::unix::{Signal, SignalKind, signal};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let line = CommandLine::parse();
    set_up_log(&line);
    // Streamed pages starve with fewer than four threads, even on one processor.
    let threads = std::thread::available_parallelism().map_or(4, |count| count.get().max(4));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(line.command)),
        Err(error) => Err(StartError::Other(format!("the runtime cannot start: {error}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(io::stderr(), "pomona: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), StartError> {
    match command {
        Command::Serve(args) => serve(args).await,
        Command::Demo(args) => demo(args).await,
        Command::Sandbox(args) => sandbox_alone(args).await,
        Command::Link(args) => link(args).await,
    }
}

async fn serve(args: Serve) -> Result<(), StartError> {
    let running = start(Start {
        listen: args.listen,
        base_url: args.base_url,
        behind_proxy: args.behind_proxy,
        apple: apple_settings(&args.apple_url),
        engine: EngineSettings::from(&args.engine),
        mail: mail_settings(&args.mail)?,
        storage: args.storage,
        clock: std::sync::Arc::new(SystemClock),
        demo: false,
    })
    .await?;
    let end = End::listen()?;
    let mut text = format!("Pomona answers at {}\n", running.origin);
    if let Some(path) = first_link(&running.portal).await? {
        text.push_str(&format!(
            "Nobody can sign in yet. Make the first account, an owner, at:\n  {}{path}\n",
            running.origin
        ));
    }
    say(&text);
    end.comes().await;
    running.stop().await;
    Ok(())
}

async fn demo(args: Demo) -> Result<(), StartError> {
    let demo = start_demo(&args).await?;
    let end = End::listen()?;
    say(&if args.print_json {
        format!("{}\n", serde_json::to_string(&demo.tour).unwrap_or_default())
    } else {
        tour(&demo)
    });
    end.comes().await;
    demo.stop().await;
    Ok(())
}

fn tour(demo: &RunningDemo) -> String {
    let tour = &demo.tour;
    let mut text = format!(
        "\n  Pomona, with a stand-in Apple inside\n\n  Open      {}\n  Sign in   {}\n  Password  {}\n",
        tour.address, tour.sign_in.email, tour.sign_in.password
    );
    if let Some(file) = tour.token_files.first() {
        text.push_str(&format!("  Upload    {}\n", file.display()));
    }
    text.push_str(&format!(
        "  Apple     {} (the stand-in's state)\n  Data      {} (--fresh starts over)\n\n  Ctrl-C stops it.\n\n",
        tour.sandbox,
        tour.data.display()
    ));
    text
}

async fn sandbox_alone(args: SandboxArgs) -> Result<(), StartError> {
    let sandbox = Sandbox::start(stand_in(&args))
        .await
        .map_err(|error| StartError::Sandbox(error.to_string()))?;
    let end = End::listen()?;
    say(&format!(
        "The stand-in Apple answers at http://{}\nFor Pomona: pomona serve --apple-url {}\n",
        sandbox.address(),
        sandbox.base_url()
    ));
    end.comes().await;
    sandbox.shutdown().await;
    Ok(())
}

async fn link(args: Link) -> Result<(), StartError> {
    let link = fresh_link(&args).await?;
    say(&format!("{link}\n"));
    Ok(())
}

/// What ends the program in order: Ctrl-C, the signal that services are stopped with, and a terminal that closes.
struct End {
    interrupt: Signal,
    terminate: Signal,
    /// None where `nohup` has it ignored, which listening would undo.
    hang_up: Option<Signal>,
}

impl End {
    fn listen() -> Result<Self, StartError> {
        let hear = |kind| {
            signal(kind).map_err(|error| StartError::Other(format!("signals cannot be heard: {error}")))
        };
        Ok(Self {
            interrupt: hear(SignalKind::interrupt())?,
            terminate: hear(SignalKind::terminate())?,
            hang_up: if ignores_hang_up() {
                None
            } else {
                Some(hear(SignalKind::hangup())?)
            },
        })
    }

    async fn comes(self) {
        let Self {
            mut interrupt,
            mut terminate,
            hang_up,
        } = self;
        let hang_up = async move {
            match hang_up {
                Some(mut signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up => {}
        }
    }
}

/// As Linux tells; elsewhere it is not known.
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // SIGHUP is the first signal.
    ignored
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}

fn say(text: &str) {
    let mut out = io::stdout().lock();
    // Nobody may be reading.
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

fn set_up_log(line: &CommandLine) {
    let filter = tracing_subscriber::EnvFilter::try_new(&line.log)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match line.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}
