//! Colours, shapes and symbols of icons, on a square of 512.

use crate::catalogue::Product;
use crate::wire::ProductType;

/// From top to bottom of the gradient; white stands out from all.
const COLOURS: [(&str, &str); 16] = [
    ("#5ac8fa", "#0a6fd8"),
    ("#4f8df7", "#2a3fb8"),
    ("#7d7aff", "#4a2fc0"),
    ("#b47cf5", "#6a25b5"),
    ("#f27ac8", "#b41f7a"),
    ("#ff7d90", "#c41e4a"),
    ("#ff8a5c", "#d83a2a"),
    ("#ffb04a", "#e0651a"),
    ("#f7c331", "#d9850f"),
    ("#6fd672", "#1f9450"),
    ("#48d3b0", "#0c8577"),
    ("#4fc9dc", "#0b6f96"),
    ("#8394ab", "#3c4a63"),
    ("#6c7280", "#22262f"),
    ("#3f5f8f", "#152347"),
    ("#c79a6b", "#7a4a26"),
];

/// What lies over the gradient.
const SHAPES: [&str; 5] = [
    r#"<circle cx="400" cy="96" r="210" fill="white" opacity=".13"/>"#,
    r#"<path d="M0 512 L512 170 V512 Z" fill="white" opacity=".1"/>"#,
    r#"<path d="M0 380 Q140 300 270 372 T512 350 V512 H0 Z" fill="black" opacity=".1"/>"#,
    r#"<circle cx="256" cy="256" r="196" fill="white" opacity=".13"/>"#,
    "",
];

/// Symbols of genres.
const SYMBOLS: [(&str, &str); 11] = [
    (
        "Productivity",
        r#"<path d="M148 268 L226 346 L368 178" fill="none" stroke-width="56"/>"#,
    ),
    (
        "Education",
        r#"<path d="M256 140 L430 222 L256 304 L82 222 Z" stroke-width="14"/><path d="M164 292 V350 Q256 412 348 350 V292 L256 336 Z" stroke-width="10"/>"#,
    ),
    (
        "Graphics & Design",
        r#"<path d="M322 138 L374 190 L206 358 L138 374 L154 306 Z" stroke-width="22"/>"#,
    ),
    (
        "Business",
        r#"<rect x="112" y="196" width="288" height="188" rx="34"/><path d="M204 200 V172 Q204 146 230 146 H282 Q308 146 308 172 V200" fill="none" stroke-width="30"/>"#,
    ),
    (
        "Photo & Video",
        r#"<path d="M204 164 L364 256 L204 348 Z" stroke-width="34"/>"#,
    ),
    (
        "Music",
        r#"<circle cx="184" cy="348" r="46"/><circle cx="334" cy="316" r="46"/><path d="M214 344 V182 L364 150 V312" fill="none" stroke-width="32"/>"#,
    ),
    (
        "Finance",
        r#"<path d="M160 356 V288 M256 356 V220 M352 356 V152" fill="none" stroke-width="62"/>"#,
    ),
    (
        "Utilities",
        r#"<circle cx="256" cy="256" r="84" fill="none" stroke-width="46"/><circle cx="256" cy="256" r="128" fill="none" stroke-width="44" stroke-linecap="butt" stroke-dasharray="50.27 50.27"/>"#,
    ),
    (
        "Reference",
        r#"<path d="M242 180 Q184 142 110 156 V344 Q184 330 242 368 Z M270 180 Q328 142 402 156 V344 Q328 330 270 368 Z" stroke-width="16"/>"#,
    ),
    (
        "Navigation",
        r#"<path d="M366 146 L284 376 L240 272 L136 228 Z" stroke-width="26"/>"#,
    ),
    (
        "Developer Tools",
        r#"<path d="M150 178 L228 256 L150 334 M266 346 H370" fill="none" stroke-width="46"/>"#,
    ),
];

fn pick<T: Copy>(list: &[T], roll: u64) -> Option<T> {
    let index = usize::try_from(roll).unwrap_or(0).checked_rem(list.len())?;
    list.get(index).copied()
}

/// Two colours.
pub(super) fn colours(roll: u64) -> (&'static str, &'static str) {
    pick(&COLOURS, roll).unwrap_or(("gray", "black"))
}

/// A shape.
pub(super) fn shape(roll: u64) -> &'static str {
    pick(&SHAPES, roll).unwrap_or_default()
}

/// The symbol of the genre, for about half of the apps; the others show their initial.
pub(super) fn symbol(product: &Product, roll: u64) -> Option<&'static str> {
    let wanted = product.kind == ProductType::App && roll.is_multiple_of(2);
    let mut symbols = SYMBOLS.iter().filter(|_| wanted);
    symbols
        .find(|(genre, _)| *genre == product.genre)
        .map(|(_, symbol)| *symbol)
}
