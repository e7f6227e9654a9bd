//! The program: reads the command line and starts what it says.

use clap::Parser;
use sandbox::SandboxSettings;
use server::{
    clock::SystemClock,
    demo::{RunningDemo, organisations, start_demo},
    engine::EngineSettings,
    settings::{Command, CommandLine, Demo, Link, LogFormat, SandboxArgs, Serve},
    start::{Start, StartError, apple_settings, first_link, mail_settings, open_storage, start},
};
use std::{
    io::{self, Write},
    process::ExitCode,
};
use tokio::signal::unix::{SignalKind, signal};

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
    let mut text = format!("Pomona answers at {}\n", running.origin);
    if let Some(path) = first_link(&running.portal).await? {
        text.push_str(&format!(
            "Nobody can sign in yet. Make the first account, an owner, at:\n  {}{path}\n",
            running.origin
        ));
    }
    say(&text);
    stopped().await?;
    running.stop().await;
    Ok(())
}

async fn demo(args: Demo) -> Result<(), StartError> {
    let demo = start_demo(&args).await?;
    say(&if args.print_json {
        format!("{}\n", serde_json::to_string(&demo.tour).unwrap_or_default())
    } else {
        tour(&demo)
    });
    stopped().await?;
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
    let settings = SandboxSettings {
        address: args.listen,
        seed: args.seed,
        ..SandboxSettings::with(organisations(args.preset))
    };
    say(&format!("The stand-in Apple answers at http://{}\n", args.listen));
    sandbox::serve(settings)
        .await
        .map_err(|error| StartError::Sandbox(error.to_string()))
}

async fn link(args: Link) -> Result<(), StartError> {
    let (db, _) = open_storage(&args.storage).await?;
    let path = server::portal::fresh_link(&db, &SystemClock, &args.email)
        .await
        .map_err(StartError::First)?;
    say(&format!("{path}\n"));
    Ok(())
}

/// Until Ctrl-C, or the signal that services are stopped with.
async fn stopped() -> Result<(), StartError> {
    let no_signal = |error: io::Error| StartError::Other(format!("signals cannot be heard: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signal)?;
    tokio::select! {
        done = tokio::signal::ctrl_c() => done.map_err(no_signal),
        _ = terminate.recv() => Ok(()),
    }
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
