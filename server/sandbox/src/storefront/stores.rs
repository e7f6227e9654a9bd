//! Apple's stores by country: the number under which each shows itself, and how it writes prices.

/// ISO 3166 alpha-2 and Apple's number of the store.
const STORES: &[(&str, u32)] = &[
    ("US", 143_441),
    ("FR", 143_442),
    ("DE", 143_443),
    ("GB", 143_444),
    ("AT", 143_445),
    ("BE", 143_446),
    ("FI", 143_447),
    ("GR", 143_448),
    ("IE", 143_449),
    ("IT", 143_450),
    ("LU", 143_451),
    ("NL", 143_452),
    ("PT", 143_453),
    ("ES", 143_454),
    ("CA", 143_455),
    ("SE", 143_456),
    ("NO", 143_457),
    ("DK", 143_458),
    ("CH", 143_459),
    ("AU", 143_460),
    ("NZ", 143_461),
    ("JP", 143_462),
    ("HK", 143_463),
    ("SG", 143_464),
    ("CN", 143_465),
    ("KR", 143_466),
    ("IN", 143_467),
    ("MX", 143_468),
    ("TW", 143_470),
    ("ZA", 143_472),
    ("PL", 143_478),
    ("TR", 143_480),
    ("HU", 143_482),
    ("RO", 143_487),
    ("CZ", 143_489),
    ("IL", 143_491),
    ("HR", 143_494),
    ("SK", 143_496),
    ("SI", 143_499),
    ("BR", 143_503),
    ("EE", 143_518),
    ("LV", 143_519),
    ("LT", 143_520),
    ("MT", 143_521),
    ("BG", 143_526),
    ("CY", 143_557),
    ("IS", 143_558),
];

/// The store's number as text; that of the United States for a country whose number is not known here.
pub(super) fn store_id(country: &str) -> String {
    let store = STORES.iter().find(|(known, _)| *known == country);
    store.map_or(143_441, |(_, id)| *id).to_string()
}

/// A price in a store: in thousandths of its currency, as a number, and as it writes it. Others pay in euro.
pub(super) fn price_in(country: &str, thousandths_of_kronor: u64) -> (u64, f64, String) {
    let (symbol, after) = match country {
        "US" => ("$", ""),
        "GB" => ("£", ""),
        "SE" => ("", " kr"),
        _ => ("", " €"),
    };
    // Prices are generated in kronor; elsewhere a tenth of the figure, whole cents.
    let thousandths = if country == "SE" {
        thousandths_of_kronor
    } else {
        thousandths_of_kronor / 100 * 10
    };
    let price = thousandths as f64 / 1000.0;
    (thousandths, price, format!("{symbol}{price:.2}{after}"))
}
