//! Lists as CSV text, for spreadsheets.

use contract::{Code, Fault};

/// The lines, each of its cells; no spreadsheet takes one for a formula.
pub fn csv_text(lines: impl IntoIterator<Item = Vec<String>>) -> Result<String, Fault> {
    let broken = |_| Fault::new(Code::Internal);
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in lines {
        writer
            .write_record(line.iter().map(|cell| plain(cell)))
            .map_err(broken)?;
    }
    let bytes = writer.into_inner().map_err(|_| Fault::new(Code::Internal))?;
    String::from_utf8(bytes).map_err(|_| Code::Internal.into())
}

/// Beginnings that make a spreadsheet take a cell for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Whether the text is a formula, or would pass for one that was kept from being one.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

/// The cell as it was before [`csv_text`] kept it from being a formula: an exported file can be uploaded again.
pub fn as_meant(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(plain) if is_formula(plain) => plain,
        _ => cell,
    }
}

fn plain(text: &str) -> String {
    if is_formula(text) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{as_meant, csv_text, plain};
    use proptest::prelude::*;

    #[test]
    fn no_cell_is_a_formula_and_commas_stay_in_theirs() {
        let line = ["=1+1", "a, b", "", "x"].map(str::to_owned).to_vec();
        assert_eq!(csv_text([line]).unwrap(), "'=1+1,\"a, b\",,x\n");
    }

    #[test]
    fn an_uploaded_cell_means_what_it_meant_when_it_was_exported() {
        assert_eq!(as_meant("'-1 floor"), "-1 floor");
        assert_eq!(as_meant("'s-Hertogenbosch"), "'s-Hertogenbosch");
        assert_eq!(as_meant("plain"), "plain");
    }

    proptest! {
        #[test]
        fn every_cell_comes_back_as_it_was(text in "['=+@\\-\t\ra ]{0,5}|.{0,20}") {
            let exported = plain(&text);
            prop_assert!(!exported.starts_with(super::FORMULA));
            prop_assert_eq!(as_meant(&exported), text);
        }
    }
}
