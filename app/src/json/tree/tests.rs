use super::*;
use contract::{Code, Fault};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Debug};

impl Node for Value {
    fn is_null(&self) -> bool {
        Value::is_null(self)
    }

    fn boolean(&self) -> Option<bool> {
        self.as_bool()
    }

    fn number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn text(&self) -> Option<String> {
        self.as_str().map(str::to_owned)
    }

    fn items(&self) -> Option<Vec<Self>> {
        self.as_array().cloned()
    }

    fn is_object(&self) -> bool {
        Value::is_object(self)
    }

    fn field(&self, name: &str) -> Option<Self> {
        self.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.as_object()
            .map(|all| all.keys().cloned().collect())
            .unwrap_or_default()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    id: Id,
    count: i64,
    small: u8,
    share: f64,
    #[serde(rename = "called")]
    name: String,
    on: bool,
    note: Option<String>,
    kinds: Vec<Kind>,
    #[serde(default)]
    marks: Vec<String>,
    pair: (i64, String),
    with: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Id(i64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Plain,
    Of(Id),
    Both(i64, bool),
    With { first: String, last: Option<i64> },
}

fn row() -> Row {
    Row {
        id: Id(-7),
        count: 9_007_199_254_740_991,
        small: 255,
        share: 0.25,
        name: "Ärlig \u{1F34E}".to_owned(),
        on: true,
        note: None,
        kinds: vec![
            Kind::Plain,
            Kind::Of(Id(0)),
            Kind::Both(1, false),
            Kind::With {
                first: String::new(),
                last: Some(2),
            },
        ],
        marks: Vec::new(),
        pair: (3, "x".to_owned()),
        with: BTreeMap::from([("count".to_owned(), "4".to_owned())]),
    }
}

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let sent = serde_json::to_value(value).unwrap();
    assert_eq!(read::<T>(sent.clone()).as_ref(), Ok(value), "{sent}");
}

#[test]
fn what_serde_writes_is_read() {
    comes_back(&row());
    comes_back(&Some(vec![row(), row()]));
    comes_back(&Ok::<Row, Fault>(row()));
    comes_back(&Err::<(), Fault>(Fault::new(Code::Offline).with("name", "x")));
    comes_back(&Ok::<(), Fault>(()));
    for code in Code::ALL {
        comes_back(code);
    }
}

#[test]
fn unknown_fields_are_passed_over_and_those_that_are_optional_or_have_a_default_may_be_absent() {
    let mut sent = serde_json::to_value(row()).unwrap();
    let fields = sent.as_object_mut().unwrap();
    fields.remove("note");
    fields.remove("marks");
    fields.insert("new".to_owned(), json!([1]));
    assert_eq!(read(sent), Ok(row()));
}

#[test]
fn another_type_is_refused() {
    for field in ["id", "count", "called", "kinds", "pair", "with"] {
        let mut lacking = serde_json::to_value(row()).unwrap();
        lacking.as_object_mut().unwrap().remove(field);
        assert_eq!(read::<Row>(lacking), Err(Broken), "{field}");
    }
    for (field, other) in [("note", json!(1)), ("marks", json!(null)), ("marks", json!([1]))] {
        let mut broken = serde_json::to_value(row()).unwrap();
        broken.as_object_mut().unwrap().insert(field.to_owned(), other);
        assert_eq!(read::<Row>(broken), Err(Broken), "{field}");
    }
    for other in [json!(null), json!([]), json!("row"), json!(1)] {
        assert_eq!(read::<Row>(other), Err(Broken));
    }
    for other in [
        json!(256),
        json!(-1),
        json!(0.5),
        json!("1"),
        json!(null),
        json!(1e300),
    ] {
        assert_eq!(read::<u8>(other), Err(Broken));
    }
    for other in [
        json!("unknown"),
        json!("of"),
        json!({"plain": 1}),
        json!({}),
        json!({"of": 1, "plain": null}),
        json!({"both": [1]}),
        json!({"with": {"last": 1}}),
        json!(3),
    ] {
        assert_eq!(read::<Kind>(other), Err(Broken));
    }
}
