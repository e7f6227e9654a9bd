//! Turns `locales/*.json` into Rust: a constant for each key, a struct for each key with placeholders, so that a wrong
//! key or placeholder does not compile. Fails when a language lacks a key or a placeholder, or has one too many.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::Path,
};

type Texts = BTreeMap<String, String>;

const LOCALES: [&str; 3] = ["en", "sv", "nl"];

/// Keys that are found by a word at run time: name of the table, beginning and end of the key. They get no constant.
const FAMILIES: [(&str, &str, &str); 5] = [
    ("FAULT_CAUSES", "fault_", "_cause"),
    ("FAULT_REMEDIES", "fault_", "_remedy"),
    ("APPLE_CAUSES", "apple_", "_cause"),
    ("APPLE_REMEDIES", "apple_", "_remedy"),
    ("COUNTRIES", "country_", ""),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=locales");
    let mut all = Vec::new();
    for locale in LOCALES {
        all.push((locale, read(locale)?));
    }
    let problems = compare(&all);
    if !problems.is_empty() {
        return Err(format!("app/locales:\n{}", problems.join("\n")).into());
    }
    let (_, english) = all.first().ok_or("no locale")?;
    let mut out = keys(english)?;
    write_texts(&mut out, &all)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("keys.rs"), out)?;
    Ok(())
}

fn read(locale: &str) -> Result<Texts, Box<dyn Error>> {
    let path = format!("locales/{locale}.json");
    let text = fs::read_to_string(&path)?;
    Ok(serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))?)
}

/// What differs between the first language and the others, and keys that are out of order in a file.
fn compare(all: &[(&str, Texts)]) -> Vec<String> {
    let mut problems = Vec::new();
    let Some(((_, english), others)) = all.split_first() else {
        return problems;
    };
    for (locale, texts) in others {
        for (key, text) in english {
            match texts.get(key) {
                None => problems.push(format!("{locale}.json lacks {key}")),
                Some(other) if placeholders(other) != placeholders(text) => {
                    problems.push(format!(
                        "{locale}.json: {key} has other placeholders than en.json"
                    ));
                }
                Some(_) => {}
            }
        }
        let surplus = texts.keys().filter(|key| !english.contains_key(*key));
        problems.extend(surplus.map(|key| format!("{locale}.json has {key}, which en.json has not")));
    }
    problems
}

/// The names in braces.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .collect()
}

/// Constants, structs and tables; a key is its place in the sorted list.
fn keys(english: &Texts) -> Result<String, Box<dyn Error>> {
    let place: BTreeMap<&str, u16> = english.keys().map(String::as_str).zip(0_u16..).collect();
    let mut out = String::new();
    let mut families: BTreeMap<&str, BTreeMap<&str, u16>> = FAMILIES
        .iter()
        .map(|(name, _, _)| (*name, BTreeMap::new()))
        .collect();
    for (key, text) in english {
        let at = *place.get(key.as_str()).ok_or("key without a place")?;
        let family = FAMILIES
            .iter()
            .find(|(_, start, end)| key.starts_with(*start) && key.ends_with(*end));
        if let Some(&(name, start, end)) = family {
            let word = key
                .strip_prefix(start)
                .and_then(|rest| rest.strip_suffix(end))
                .ok_or("family")?;
            families.get_mut(name).ok_or("family")?.insert(word, at);
            continue;
        }
        let is_plural = key
            .strip_suffix("_other")
            .is_some_and(|stem| english.contains_key(&format!("{stem}_one")));
        if is_plural {
            continue;
        }
        let singular = key
            .strip_suffix("_one")
            .and_then(|stem| Some((stem, *place.get(format!("{stem}_other").as_str())?)));
        let other_text = singular.map(|(stem, _)| format!("{stem}_other"));
        let other_text = other_text.and_then(|key| english.get(&key));
        let mut names = placeholders(text);
        names.extend(other_text.map(|text| placeholders(text)).unwrap_or_default());
        match singular {
            Some((stem, other)) => {
                names.insert("count");
                write_struct(
                    &mut out,
                    stem,
                    &names,
                    &format!("plural(Key({at}), Key({other}), &self.count)"),
                )?;
            }
            None if names.is_empty() => writeln!(out, "pub const {key}: Key = Key({at});")?,
            None => write_struct(&mut out, key, &names, &format!("Key({at})"))?,
        }
    }
    for (name, words) in families {
        writeln!(out, "pub const {name}: &[(&str, Key)] = &[")?;
        for (word, at) in words {
            writeln!(out, "    ({word:?}, Key({at})),")?;
        }
        writeln!(out, "];")?;
    }
    Ok(out)
}

fn write_struct(
    out: &mut String,
    name: &str,
    fields: &BTreeSet<&str>,
    key: &str,
) -> Result<(), Box<dyn Error>> {
    let members: Vec<String> = fields.iter().map(|field| format!("pub {field}: Arg")).collect();
    let pairs: Vec<String> = fields
        .iter()
        .map(|field| format!("({field:?}, &self.{field})"))
        .collect();
    writeln!(
        out,
        "pub struct {name} {{ {} }}\nimpl {name} {{ pub fn words(&self) -> String {{ fill({key}, &[{}]) }} }}",
        members.join(", "),
        pairs.join(", "),
    )?;
    Ok(())
}

/// The texts themselves, for the server alone: the browser reads the same list as JSON.
fn write_texts(out: &mut String, all: &[(&str, Texts)]) -> Result<(), Box<dyn Error>> {
    for (locale, texts) in all {
        let list: Vec<&String> = texts.values().collect();
        let json = serde_json::to_string(&list)?;
        let name = locale.to_uppercase();
        writeln!(
            out,
            "#[cfg(feature = \"ssr\")]\npub static {name}: Dictionary = Dictionary {{ texts: &{list:?}, json: {json:?}, \
             hash: \"{:016x}\" }};",
            fnv1a(json.as_bytes())
        )?;
    }
    Ok(())
}

/// Names the file by what is in it.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
