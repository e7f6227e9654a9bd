//! Secrets: sealing what is stored, drawing random ones, and hashing what is only compared.

use crate::private;
use chacha20poly1305::{
    XChaCha20Poly1305,
    aead::{Aead, KeyInit, Payload},
};
use rand::{RngCore, TryRngCore, rngs::OsRng};
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};
use std::{
    io::{self, Write},
    path::Path,
};

const NONCE: usize = 24;
const KEY_ID: usize = 4;

fn of_file(path: &Path) -> impl Fn(io::Error) -> VaultError {
    |source| VaultError::File {
        path: path.display().to_string(),
        source,
    }
}

/// Seals and opens with the installation's key: `key id ‖ nonce ‖ ciphertext`.
pub struct Vault {
    key: SecretBox<[u8; 32]>,
    id: [u8; KEY_ID],
}

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("the key file {path} cannot be read or written: {source}")]
    File { path: String, source: io::Error },
    #[error("the key must be 32 bytes in hexadecimal (64 digits)")]
    Malformed,
    /// Sealed under another key.
    #[error("this was sealed with another key")]
    OtherKey,
    /// Changed, or moved to another row.
    #[error("the sealed value is damaged")]
    Damaged,
}

impl Vault {
    /// The key as 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, VaultError> {
        let digits = text.trim().as_bytes();
        let mut key = [0; 32];
        if digits.len() != 64 {
            return Err(VaultError::Malformed);
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| VaultError::Malformed)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| VaultError::Malformed)?;
        }
        let mut id = [0; KEY_ID];
        for (to, from) in id.iter_mut().zip(Sha256::digest(key)) {
            *to = from;
        }
        Ok(Self {
            key: SecretBox::new(Box::new(key)),
            id,
        })
    }

    /// Reads the key file, if there is one.
    pub fn from_file(path: &Path) -> Result<Option<Self>, VaultError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::from_hex(&text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(of_file(path)(error)),
        }
    }

    /// Makes the key file, readable by its owner alone.
    pub fn make_file(path: &Path) -> Result<Self, VaultError> {
        let text = hex(&random_bytes::<32>());
        private::new_file(path)
            .and_then(|mut file| writeln!(file, "{text}").and_then(|()| file.sync_all()))
            .map_err(of_file(path))?;
        Self::from_hex(&text)
    }

    /// Seals `secret` for one place, such as `tokens/<id>`: it opens nowhere else.
    pub fn seal(&self, place: &str, secret: &str) -> Result<Vec<u8>, VaultError> {
        let nonce = random_bytes::<NONCE>();
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: place.as_bytes(),
        };
        let text = self
            .cipher()
            .encrypt(&nonce.into(), payload)
            .map_err(|_| VaultError::Damaged)?;
        Ok([self.id.as_slice(), &nonce, &text].concat())
    }

    /// Opens what [`Vault::seal`] made for the same place.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<String, VaultError> {
        let (id, rest) = sealed.split_at_checked(KEY_ID).ok_or(VaultError::Damaged)?;
        if id != self.id {
            return Err(VaultError::OtherKey);
        }
        let (nonce, text) = rest.split_at_checked(NONCE).ok_or(VaultError::Damaged)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| VaultError::Damaged)?;
        let payload = Payload {
            msg: text,
            aad: place.as_bytes(),
        };
        let open = self
            .cipher()
            .decrypt(&nonce.into(), payload)
            .map_err(|_| VaultError::Damaged)?;
        String::from_utf8(open).map_err(|_| VaultError::Damaged)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.key.expose_secret().into())
    }
}

/// Bytes from the operating system's generator.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.unwrap_err().fill_bytes(&mut bytes);
    bytes
}

/// A secret for a link or a password, 160 bits, readable aloud (no letters that look alike).
pub fn random_secret() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    random_bytes::<32>()
        .iter()
        .map(|byte| char::from(LETTERS.get(usize::from(byte & 31)).copied().unwrap_or(b'a')))
        .collect()
}

/// Between 0 and 1, for jitter.
pub fn random_fraction() -> f64 {
    f64::from(u32::from_be_bytes(random_bytes::<4>())) / f64::from(u32::MAX)
}

/// SHA-256, for secrets that are only compared.
pub fn digest(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// Whether a secret that came from outside is the right one. How long it takes says nothing about either.
pub fn is_same_secret(given: &str, right: &str) -> bool {
    let (given, right) = (digest(given.as_bytes()), digest(right.as_bytes()));
    let different = given.iter().zip(&right).fold(0, |all, (a, b)| all | (a ^ b));
    std::hint::black_box(different) == 0
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_in_its_place_only() {
        let vault = Vault::from_hex(&"0a".repeat(32)).unwrap();
        let sealed = vault.seal("tokens/1", "a secret").unwrap();
        assert_eq!(vault.open("tokens/1", &sealed).unwrap(), "a secret");
        assert!(matches!(
            vault.open("tokens/2", &sealed),
            Err(VaultError::Damaged)
        ));
        assert!(!sealed.windows(8).any(|window| window == b"a secret"));
    }

    #[test]
    fn another_key_is_told_apart_from_damage() {
        let sealed = Vault::from_hex(&"0a".repeat(32))
            .unwrap()
            .seal("tokens/1", "a secret")
            .unwrap();
        let other = Vault::from_hex(&"0b".repeat(32)).unwrap();
        assert!(matches!(
            other.open("tokens/1", &sealed),
            Err(VaultError::OtherKey)
        ));
        let vault = Vault::from_hex(&"0a".repeat(32)).unwrap();
        for length in 0..sealed.len() {
            assert!(vault.open("tokens/1", &sealed[..length]).is_err());
        }
    }

    #[test]
    fn only_the_same_secret_is_the_same() {
        assert!(is_same_secret("a secret", "a secret"));
        for other in ["", "a", "a secret ", "A secret"] {
            assert!(!is_same_secret(other, "a secret"), "{other}");
        }
    }

    #[test]
    fn a_malformed_key_is_refused() {
        for text in ["", "0a", "zz".repeat(32).as_str(), "0a".repeat(33).as_str()] {
            assert!(matches!(Vault::from_hex(text), Err(VaultError::Malformed)));
        }
    }
}
