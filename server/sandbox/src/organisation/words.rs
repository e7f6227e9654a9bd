//! Words of which names are combined. None of the results is meant to be a real product, company or place.

use crate::random::mix;

/// First words of product names.
const COINED: [&str; 64] = [
    "Alvora",
    "Brindle",
    "Calyxa",
    "Dovrin",
    "Elmera",
    "Fennick",
    "Glimra",
    "Hollin",
    "Iskander",
    "Jorvika",
    "Kestra",
    "Lumaro",
    "Mirelle",
    "Nordika",
    "Ostrava",
    "Pellow",
    "Quillon",
    "Rundle",
    "Sollis",
    "Tarnvik",
    "Umbral",
    "Veldor",
    "Wickett",
    "Yarrowby",
    "Zephra",
    "Arkholm",
    "Bramvik",
    "Corvane",
    "Dellary",
    "Eskil",
    "Farrowby",
    "Grantham",
    "Hesper",
    "Ivarsund",
    "Juniva",
    "Kvist",
    "Larkmoor",
    "Mossley",
    "Nimbra",
    "Oakhart",
    "Pinvale",
    "Quarrel",
    "Rosvik",
    "Skerry",
    "Tindra",
    "Ulven",
    "Vintra",
    "Wrenfield",
    "Ymera",
    "Zinnow",
    "Ambla",
    "Birket",
    "Cindrel",
    "Drift",
    "Embla",
    "Fjella",
    "Garnet",
    "Halden",
    "Inglet",
    "Jessop",
    "Kilnor",
    "Lodestar",
    "Marram",
    "Northing",
];

/// What products are, with their genre in the store.
const APPS: [(&str, &str); 40] = [
    ("Notes", "Productivity"),
    ("Fractions", "Education"),
    ("Sketch", "Graphics & Design"),
    ("Reader", "Reference"),
    ("Timetable", "Education"),
    ("Inspect", "Business"),
    ("Roster", "Business"),
    ("Phonics", "Education"),
    ("Atlas", "Reference"),
    ("Planner", "Productivity"),
    ("Studio", "Photo & Video"),
    ("Metronome", "Music"),
    ("Ledger", "Finance"),
    ("Whiteboard", "Education"),
    ("Scanner", "Utilities"),
    ("Kanji", "Education"),
    ("Checklists", "Productivity"),
    ("Calculator", "Utilities"),
    ("Forms", "Business"),
    ("Biology Lab", "Education"),
    ("Storybook", "Books"),
    ("Signage", "Business"),
    ("Dictate", "Productivity"),
    ("Geometry", "Education"),
    ("Weather", "Weather"),
    ("Inventory", "Business"),
    ("Breathing", "Health & Fitness"),
    ("Routes", "Navigation"),
    ("Code Garden", "Education"),
    ("Clips", "Photo & Video"),
    ("Choir", "Music"),
    ("Remote", "Utilities"),
    ("Field Guide", "Reference"),
    ("Quiz", "Education"),
    ("Terminal", "Developer Tools"),
    ("Presenter", "Productivity"),
    ("Vocabulary", "Education"),
    ("Visitor Desk", "Business"),
    ("Puzzles", "Games"),
    ("Microscope", "Education"),
];

/// Ends of names that would otherwise repeat.
const EDITIONS: [&str; 8] = [
    "",
    " Pro",
    " Junior",
    " for Teams",
    " Classroom",
    " Plus",
    " Lite",
    " Go",
];

/// What some names end with; none is an edition.
const ADDITIONS: [&str; 16] = [
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    " 2",
    " for Schools",
    " – Made Simple",
    " HD",
    " Mobile",
    ": Work Together",
];

/// Numbers of companies with many products, behind those of products.
const LARGE_COMPANIES: u64 = 1_000_000;

/// Subjects of books.
const BOOKS: [&str; 24] = [
    "Tides of the North",
    "A Short Course in Statistics",
    "Reading Maps",
    "The Forest in Winter",
    "First Chemistry",
    "Letters from the Lighthouse",
    "Numbers Everywhere",
    "The Young Engineer",
    "Grammar Without Tears",
    "Birds of the Shore",
    "A History of Bridges",
    "Light and Shadow",
    "The Weather Book",
    "Cells and Tissues",
    "The Kitchen Laboratory",
    "Stories for the Road",
    "Algebra Step by Step",
    "The Clockmaker's Apprentice",
    "Music for Everyone",
    "Safe at Work",
    "The Small Garden",
    "Starting with Code",
    "The Silent Harbour",
    "Speaking in Public",
];

/// What companies call themselves.
const COMPANIES: [&str; 16] = [
    " Works",
    " Software",
    " Learning",
    " Labs",
    " & Co.",
    " Press",
    " Systems",
    " Studio",
    " Interactive",
    " AB",
    " Publishing",
    " Apps Ltd",
    " Education",
    " GmbH",
    " Digital",
    " Collective",
];

/// Places with locations.
const PLACES: [&str; 16] = [
    "Elm Street School",
    "Riverside School",
    "North Office",
    "Hilltop School",
    "Harbour Depot",
    "Lakeside School",
    "City Library",
    "West Clinic",
    "Mill Lane School",
    "South Office",
    "Orchard School",
    "Station Depot",
    "Parkside School",
    "East Clinic",
    "Meadow School",
    "Old Town Office",
];

fn pick<T: Copy, const N: usize>(list: [T; N], number: u64) -> Option<T> {
    let index = usize::try_from(number % u64::try_from(N).unwrap_or(1)).unwrap_or(0);
    list.get(index).copied()
}

/// Name and genre of the n-th app; no two of the first 20,480 are alike.
pub(super) fn app(seed: u64, index: u64) -> (String, &'static str) {
    // 27 and 64 have no common factor: the first word runs through the list, the other words shift with each round.
    let first = pick(COINED, mix(seed, 1) + index * 27).unwrap_or_default();
    let round = index / 64;
    let (noun, genre) = pick(APPS, mix(seed, 2) + index * 7 + round).unwrap_or(("Notes", "Productivity"));
    let edition = pick(EDITIONS, index / 2560).unwrap_or_default();
    let addition = pick(ADDITIONS, mix(seed ^ 0xadd, index)).unwrap_or_default();
    (format!("{first} {noun}{edition}{addition}"), genre)
}

/// Title of the n-th book.
pub(super) fn book(seed: u64, index: u64) -> String {
    let title = pick(BOOKS, mix(seed, 3) + index * 5).unwrap_or_default();
    match index / 24 {
        0 => title.to_owned(),
        volume => format!("{title}, Volume {}", volume + 1),
    }
}

/// A company: some have one product, some have many.
pub(super) fn company(seed: u64, index: u64) -> String {
    let roll = mix(seed ^ 0xc2, index);
    let number = match roll % 5 {
        0 | 1 => index,
        _ => LARGE_COMPANIES + (roll >> 8) % 12,
    };
    let first = pick(COINED, mix(seed ^ 0xc0, number)).unwrap_or_default();
    let second = pick(COMPANIES, mix(seed ^ 0xc1, number)).unwrap_or_default();
    format!("{first}{second}")
}

/// A place.
pub(super) fn place(number: u64) -> &'static str {
    pick(PLACES, number).unwrap_or_default()
}

/// A person's first and last name.
pub(super) fn person(number: u64) -> (&'static str, &'static str) {
    const FIRST: [&str; 16] = [
        "Astrid", "Bram", "Carin", "Daan", "Elsa", "Femke", "Gustav", "Hanna", "Iris", "Joris", "Karin",
        "Lars", "Maja", "Noor", "Oskar", "Saga",
    ];
    const LAST: [&str; 16] = [
        "Almqvist",
        "Bakker",
        "Dahl",
        "Ekström",
        "Forsberg",
        "Groen",
        "Holm",
        "Jansen",
        "Kroon",
        "Lindqvist",
        "Mulder",
        "Nyberg",
        "Sandberg",
        "Visser",
        "Wikström",
        "Zijlstra",
    ];
    (
        pick(FIRST, number).unwrap_or_default(),
        pick(LAST, number / 16).unwrap_or_default(),
    )
}
