//! The load: so many people at once, each asking for the next page as soon as one has come.

use crate::{Outcome, http::Connection, numbers::p99};
use std::{
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

pub const CONNECTIONS: usize = 25;
/// A run is of so many requests at least, and of so much time.
const REQUESTS: usize = 3_000;
const LEAST: Duration = Duration::from_secs(2);
/// Requests before the first run.
const WARM_UP: usize = 500;

/// Connections that stay open between the runs.
pub struct Load {
    connections: Vec<Connection>,
    /// Asked for in turn.
    paths: Arc<[String]>,
    next: Arc<AtomicUsize>,
}

/// What one run showed.
pub struct Run {
    /// Milliseconds.
    pub p99: f64,
    pub per_second: f64,
    /// Of all answers, in bytes.
    pub sizes: RangeInclusive<usize>,
}

/// One request: how long it took and how much came.
type Taken = (Duration, usize);

impl Load {
    /// Opens the connections with the cookie of the one given, and warms up both sides.
    pub async fn new(first: &Connection, paths: Vec<String>) -> Outcome<Self> {
        let opening = (0..CONNECTIONS).map(|_| first.another());
        let connections = futures::future::try_join_all(opening).await?;
        let mut load = Self {
            connections,
            paths: paths.into(),
            next: Arc::default(),
        };
        load.send(WARM_UP).await?;
        Ok(load)
    }

    pub async fn run(&mut self) -> Outcome<Run> {
        let begun = Instant::now();
        let mut taken = Vec::new();
        while taken.is_empty() || begun.elapsed() < LEAST {
            taken.extend(self.send(REQUESTS).await?);
        }
        let per_second = taken.len() as f64 / begun.elapsed().as_secs_f64();
        let sizes = || taken.iter().map(|(_, size)| *size);
        let sizes = sizes().min().unwrap_or(0)..=sizes().max().unwrap_or(0);
        let mut times: Vec<_> = taken.into_iter().map(|(time, _)| time).collect();
        Ok(Run {
            p99: p99(&mut times),
            per_second,
            sizes,
        })
    }

    async fn send(&mut self, requests: usize) -> Outcome<Vec<Taken>> {
        let end = self.next.load(Ordering::Relaxed) + requests;
        let senders: Vec<_> = self
            .connections
            .drain(..)
            .map(|connection| {
                tokio::spawn(send_until(end, connection, self.paths.clone(), self.next.clone()))
            })
            .collect();
        let mut times = Vec::with_capacity(requests);
        for sender in senders {
            let (connection, taken) = sender.await??;
            self.connections.push(connection);
            times.extend(taken);
        }
        // Each sender drew one number too many.
        self.next.store(end, Ordering::Relaxed);
        Ok(times)
    }
}

async fn send_until(
    end: usize,
    mut connection: Connection,
    paths: Arc<[String]>,
    next: Arc<AtomicUsize>,
) -> Outcome<(Connection, Vec<Taken>)> {
    let mut times = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(path) = paths.get(number % paths.len().max(1)).filter(|_| number < end) else {
            return Ok((connection, times));
        };
        let begun = Instant::now();
        let size = connection.size(path).await?;
        times.push((begun.elapsed(), size));
    }
}
