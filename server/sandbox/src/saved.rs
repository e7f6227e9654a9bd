//! The whole world in a file: one JSON document with tokens, locations and products. Left out are faults, the log, the
//! pace, and notifications that were not sent yet.

mod asset;
mod journal;
mod location;
mod token;

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, ErrorKind, IntoInnerError};
use std::path::{Path, PathBuf};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::catalogue::Product;
use crate::server::StartError;
use crate::world::World;
use location::SavedLocation;
use token::SavedToken;

/// Grows when older programs could no longer read the file.
const FORMAT: u32 = 1;

/// Why the world was not saved.
#[derive(Debug, thiserror::Error)]
#[error("cannot save the sandbox to {}: {source}", path.display())]
pub struct SaveError {
    /// The file.
    pub path: PathBuf,
    /// The system's reason.
    pub source: std::io::Error,
}

/// The document as it is written: location by location, so that no second world is in memory.
#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    // Before the locations: a token that comes meanwhile may belong to a location that comes meanwhile.
    tokens: Vec<SavedToken>,
    #[serde(serialize_with = "locations")]
    locations: &'a World,
    // After the locations, for what they buy meanwhile.
    #[serde(serialize_with = "products")]
    products: &'a World,
}

fn locations<S: Serializer>(world: &World, serializer: S) -> Result<S::Ok, S::Error> {
    let locations = world.all_locations();
    serializer.collect_seq(locations.iter().map(|location| SavedLocation::of(location)))
}

fn products<S: Serializer>(world: &World, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(world.catalogue.read().sorted())
}

/// Writes a file beside the wanted one and puts it in its place, so that there is always a whole one.
pub(crate) fn write(world: &World, path: &Path) -> Result<(), SaveError> {
    let _one_at_a_time = world.saving.lock();
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let written = write_to(world, Path::new(&beside)).and_then(|()| fs::rename(&beside, path));
    written.map_err(|source| {
        // There may be nothing to remove.
        let _ = fs::remove_file(&beside);
        let path = path.to_owned();
        SaveError { path, source }
    })
}

fn write_to(world: &World, path: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    // It has tokens in it.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = BufWriter::new(options.open(path)?);
    let document = Written {
        format: FORMAT,
        tokens: token::all(world),
        locations: world,
        products: world,
    };
    serde_json::to_writer(&mut file, &document)?;
    file.into_inner().map_err(IntoInnerError::into_error)?.sync_all()
}

/// The document as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Saved {
    #[serde(rename = "format", deserialize_with = "known_format")]
    _format: u32,
    tokens: Vec<SavedToken>,
    locations: Vec<SavedLocation>,
    products: Vec<Product>,
}

fn known_format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        FORMAT => Ok(FORMAT),
        other => Err(D::Error::custom(format!(
            "it has format {other}, this program reads format {FORMAT}"
        ))),
    }
}

/// Reads a file; none if there is none.
///
/// # Errors
/// When it cannot be read or is no such document.
pub(crate) fn read(path: &Path) -> Result<Option<Saved>, StartError> {
    let unreadable = |source| StartError::Saved {
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let saved: Result<Saved, serde_json::Error> = serde_json::from_reader(BufReader::new(file));
    match saved {
        Ok(saved) => Ok(Some(saved)),
        Err(error) if error.is_io() => Err(unreadable(error.into())),
        Err(error) => Err(StartError::Damaged {
            path: path.to_owned(),
            reason: error.to_string(),
        }),
    }
}

impl Saved {
    /// Fills an empty world.
    ///
    /// # Errors
    /// In words, when parts contradict each other.
    pub(crate) fn restore(self, world: &World) -> Result<(), String> {
        world.catalogue.write().put_all(self.products);
        for saved in self.locations {
            let uid = saved.uid.clone();
            let location = saved
                .restore()
                .map_err(|reason| format!("location {uid}: {reason}"))?;
            if !world.add_location(location) {
                return Err(format!("location {uid} is there twice"));
            }
        }
        self.tokens.into_iter().try_for_each(|token| token.restore(world))
    }
}
