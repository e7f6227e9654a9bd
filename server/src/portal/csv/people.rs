//! People as CSV (D3).

use super::lines::{self, Blank, Cells, Names, Read};
use crate::portal::people::{problems, tidied};
use contract::{Code, Fault, people::PersonForm};
use store::fold;

/// The first is the one that a file must have; a preview shows them in this order.
pub const NAMES: Names = &[
    (
        "user_name",
        Blank::SaysNothing,
        &[
            "user_name",
            "user name",
            "username",
            "user",
            "userprincipalname",
            "användarnamn",
            "gebruikersnaam",
        ],
    ),
    (
        "name",
        Blank::SaysNothing,
        &[
            "name",
            "display name",
            "displayname",
            "display_name",
            "namn",
            "naam",
        ],
    ),
    ("email", Blank::Empties, &["email", "e-mail", "mail", "e-post"]),
    (
        "managed_apple_account",
        Blank::Empties,
        &[
            "managed_apple_account",
            "managed apple account",
            "managed apple id",
            "hanterat apple-konto",
            "beheerd apple account",
        ],
    ),
    (
        "department",
        Blank::Empties,
        &["department", "class", "avdelning", "klass", "afdeling", "klas"],
    ),
    ("active", Blank::SaysNothing, &["active", "aktiv", "actief"]),
];

/// A user name stands on one line only, in whatever case.
pub fn read(text: &str) -> Result<Read<PersonForm>, Fault> {
    lines::read(
        text,
        NAMES,
        Code::UserNameTaken,
        |person: &PersonForm| fold(&person.user_name),
        person,
    )
}

fn person(cells: &mut Cells<'_>) -> PersonForm {
    let form = tidied(PersonForm {
        user_name: cells.text("user_name"),
        name: cells.text("name"),
        email: cells.text("email"),
        managed_apple_account: cells.text("managed_apple_account"),
        department: cells.text("department"),
        active: cells.yes_no("active", true),
    });
    cells.refuse_all(problems(&form));
    form
}

/// As a preview shows it.
pub fn cells(person: &PersonForm) -> Vec<String> {
    [
        person.user_name.as_str(),
        &person.name,
        &person.email,
        &person.managed_apple_account,
        &person.department,
        if person.active { "yes" } else { "no" },
    ]
    .map(str::to_owned)
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn d3_bad_lines_have_their_number_and_reason_and_good_ones_stay() {
        let text = "Username;Namn;E-mail;Active\nanna;Anna Berg;anna@skola.example;\nbo;Bo;nonsense;yes\n;Nobody;;\n\
                    ANNA;Anna again;;\ncleo;;;perhaps\ndag;;;nej\n";
        let read = read(text).unwrap();
        let good: Vec<_> = read
            .good
            .iter()
            .map(|line| &line.form)
            .map(|person| (person.user_name.as_str(), person.name.as_str(), person.active))
            .collect();
        assert_eq!(good, [("anna", "Anna Berg", true), ("dag", "dag", false)]);
        let bad: Vec<_> = read
            .bad
            .first
            .iter()
            .map(|bad| (bad.line, bad.column.as_str(), bad.code, bad.value.as_str()))
            .collect();
        assert_eq!(
            bad,
            [
                (3, "email", Code::EmailInvalid, "nonsense"),
                (4, "user_name", Code::Required, ""),
                (5, "user_name", Code::UserNameTaken, "ANNA"),
                (6, "active", Code::ChoiceInvalid, "perhaps"),
            ]
        );
    }

    #[test]
    fn d3_a_line_says_only_what_stands_in_it() {
        let text = "user_name,email,shoe size,active,department\nanna,,38,,7A\nbo,,,no\ncleo,,,,7B,more\n";
        let read = read(text).unwrap();
        assert_eq!(read.ignored, ["shoe size"]);
        let says = |line: usize| {
            let columns = NAMES.iter().map(|(column, ..)| *column);
            columns
                .filter(|column| read.good[line].says.has(column))
                .collect::<Vec<_>>()
        };
        // An empty address empties, an empty yes or no says nothing, and what a short line lacks does not either.
        assert_eq!(says(0), ["user_name", "email", "department"]);
        assert_eq!(says(1), ["user_name", "email", "active"]);
        let bad = &read.bad.first[0];
        assert_eq!(
            (bad.line, bad.code, bad.value.as_str()),
            (4, Code::CsvCellsExtra, "more")
        );
    }

    #[test]
    fn d3_a_quotation_mark_that_is_left_open_costs_its_own_line_alone() {
        let found = |text: &str| {
            let read = read(text).unwrap();
            let good = read
                .good
                .into_iter()
                .map(|line| (line.number, line.form.user_name));
            let bad = read
                .bad
                .first
                .into_iter()
                .map(|bad| (bad.line, bad.code, bad.value));
            (good.collect::<Vec<_>>(), bad.collect::<Vec<_>>())
        };
        let line = |number: i64, name: &str| (number, name.to_owned());
        let open = |number: i64, value: &str| (number, Code::CsvQuoteOpen, value.to_owned());
        assert_eq!(
            found("user_name,name\n\nanna,\"Anna\nbo,Bo\n\"cleo,Cleo\ndag,\"Dag, \"\"D\"\"\"\neva,\"E\""),
            (
                vec![line(4, "bo"), line(6, "dag"), line(7, "eva")],
                vec![open(3, "anna,\"Anna"), open(5, "\"cleo,Cleo")]
            )
        );
        // A note of several lines is in nobody's way, but one without an end is.
        assert_eq!(
            found("user_name,note\nanna,\"two\nlines\"\nbo,\"no end\ncleo,\n"),
            (
                vec![line(2, "anna"), line(5, "cleo")],
                vec![open(4, "bo,\"no end")]
            )
        );
    }

    #[test]
    fn d3_rows_of_empty_cells_are_no_lines() {
        let read = read("user_name,name\n,,\nada,Ada\n , \n;\n\t\n\"\",\"\"\n").unwrap();
        let good: Vec<_> = read.good.iter().map(|line| line.number).collect();
        assert_eq!((good, read.bad.lines), (vec![3, 5], 0), "{:?}", read.bad);
    }

    #[test]
    fn d3_a_cell_of_several_lines_is_one_cell() {
        let read = read("user_name,name,department\nanna,Anna,\"Sales\nNorth\"\nbo,Bo,\n").unwrap();
        let good: Vec<_> = read
            .good
            .iter()
            .map(|line| {
                (
                    line.number,
                    line.form.user_name.as_str(),
                    line.form.department.as_str(),
                )
            })
            .collect();
        assert_eq!(good, [(2, "anna", "Sales North"), (4, "bo", "")]);
        assert_eq!(read.bad.lines, 0);
    }

    #[test]
    fn d3_of_a_bad_file_all_is_counted_and_the_beginning_told() {
        let read = read(&format!(
            "user_name,email,active\n{}",
            ",nonsense,perhaps\n".repeat(1_000)
        ))
        .unwrap();
        assert_eq!((read.bad.lines, read.bad.problems), (1_000, 3_000));
        assert_eq!(read.bad.first.len(), contract::csv::CsvPreview::BAD);
    }

    #[test]
    fn d3_a_spreadsheets_clipboard_and_old_line_ends_are_read() {
        let read = read("user_name\tname\ranna\tAnna, A.\rbo\tBo\r").unwrap();
        let good: Vec<_> = read
            .good
            .iter()
            .map(|line| (line.number, line.form.name.as_str()))
            .collect();
        assert_eq!(good, [(2, "Anna, A."), (3, "Bo")]);
    }

    #[test]
    fn a_file_without_user_names_is_refused() {
        assert_eq!(read("name\nAnna\n").unwrap_err().code, Code::CsvColumnMissing);
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(text in ".{0,300}") {
            drop(read(&format!("user_name,email,active\n{text}")));
            drop(read(&text));
        }
    }
}
