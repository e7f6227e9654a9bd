//! Parts of names, found by their pieces of three letters (`people_pieces`, `devices_pieces`). That is quick where few have
//! the text; what many have is met soon by walking along the list.

use super::{Write, json};
use crate::Result;
use sqlx::AssertSqlSafe;

/// From so many on, the list is walked.
const MANY: usize = 1_000;
/// A text has all of these or is not it; whether it is it, the text itself says.
const PIECES: usize = 12;

/// FTS5's question for what has the pieces that `text` is made of, one beside the other: those between say little more, and
/// each takes its time. The last of them come first, since names begin alike. None if it has none, being shorter.
fn question(text: &str) -> Option<String> {
    let letters: Vec<char> = text.chars().collect();
    let pieces: Vec<_> = letters
        .rchunks(3)
        .map(|piece| match piece.len() {
            3 => piece,
            _ => letters.get(..3).unwrap_or_default(),
        })
        .filter(|piece| !piece.is_empty())
        .take(PIECES)
        .map(|piece| format!("\"{}\"", String::from_iter(piece).replace('"', "\"\"")))
        .collect();
    (!pieces.is_empty()).then(|| pieces.join(" AND "))
}

/// The numbers of the rows that may have `text`, as a JSON list. None if its rows are found sooner by walking along the list.
pub(super) async fn of_few(tx: &mut Write, table: &'static str, text: &str) -> Result<Option<String>> {
    let Some(question) = question(text) else {
        return Ok(None);
    };
    let sql = format!("SELECT rowid FROM {table} WHERE {table} MATCH ? LIMIT ?");
    let found: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(question)
        .bind(MANY as i64)
        .fetch_all(&mut **tx)
        .await?;
    match found.len() < MANY {
        true => Ok(Some(json(&found)?)),
        false => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::question;

    #[test]
    fn a_text_is_asked_for_by_its_pieces() {
        assert_eq!(question("än"), None);
        assert_eq!(question("änn").as_deref(), Some("\"änn\""));
        assert_eq!(question("a\"b c").as_deref(), Some("\"b c\" AND \"a\"\"b\""));
        assert_eq!(
            question(&"x".repeat(500)).map(|asked| asked.len()),
            Some(12 * 5 + 11 * 5)
        );
        assert_eq!(question("abcdef").as_deref(), Some("\"def\" AND \"abc\""));
    }
}
