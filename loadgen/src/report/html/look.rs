//! How a class looks: one colour and one shape each, the same in every picture.
//!
//! The colours are those of Okabe and Ito, which the colour-blind tell apart,
//! darkened or lightened where the page behind them asks for it. The shape says
//! the same again, for those who print in grey.

use super::markup::{Element, element};
use crate::cli::Mode;
use crate::outcome::Class;
use crate::report::words;
use std::fmt::Write;

/// Colours on a light and on a dark page, and a shape of about ten pixels
/// around the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) light: &'static str,
    pub(super) dark: &'static str,
    pub(super) shape: &'static str,
}

/// A ring and a frame are even-odd: the inner part runs the other way round.
pub(super) const fn look(class: Class) -> Look {
    let (light, dark, shape) = match class {
        Class::OkWarm => ("#009e73", "#1fbf8f", "M-4.5 0a4.5 4.5 0 1 1 9 0a4.5 4.5 0 1 1-9 0z"),
        Class::OkCold => ("#0072b2", "#4aa8ff", "M0-6L6 0L0 6L-6 0z"),
        Class::Accepted => ("#56b4e9", "#9bdcff", "M-4.3-4.3h8.6v8.6h-8.6z"),
        Class::Throttled => ("#e69f00", "#f2b134", "M-5.5-4.5h11L0 5.5z"),
        Class::FunctionError => (
            "#d55e00",
            "#ff7f2a",
            "M-5-2.8L-2.8-5L0-2.2L2.8-5L5-2.8L2.2 0L5 2.8L2.8 5L0 2.2L-2.8 5L-5 2.8L-2.2 0z",
        ),
        Class::ServerError => {
            ("#b8578f", "#e59ac8", "M-1.7-5.5h3.4v3.8h3.8v3.4h-3.8v3.8h-3.4v-3.8h-3.8v-3.4h3.8z")
        }
        Class::ClientError => ("#b3a100", "#f0e442", "M0-5.5L5.5 4.5h-11z"),
        Class::Timeout => ("#1d1d1f", "#f5f5f5", "M-4.8-5.5h9.6L0.9 0L4.8 5.5h-9.6L-0.9 0z"),
        Class::NoAnswer => (
            "#6f7680",
            "#a2a9b3",
            "M-5 0a5 5 0 1 1 10 0a5 5 0 1 1-10 0zM-2.6 0a2.6 2.6 0 1 0 5.2 0a2.6 2.6 0 1 0-5.2 0z",
        ),
        Class::NotSent => ("#a9afb8", "#626974", "M-4.5-4.5h9v9h-9zM-2.5-2.5v5h5v-5z"),
    };
    Look { light, dark, shape }
}

/// The rules that give each class its colour, on light and on dark pages.
pub(super) fn style() -> String {
    let colours = |of: fn(Look) -> &'static str| {
        Class::ALL.map(|class| format!("--{}:{};", class.key(), of(look(class)))).concat()
    };
    let mut style = format!(
        ":root{{{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        colours(|look| look.light),
        colours(|look| look.dark),
    );
    for class in Class::ALL {
        let key = class.key();
        // Writing to a string cannot fail.
        let _ = writeln!(style, ".{key}{{color:var(--{key})}}");
        let _ = writeln!(style, "figure:has(input.{key}:not(:checked)) .dots .{key}{{display:none}}");
    }
    style
}

/// What all pictures of a page refer to: the shapes, and hatches that are laid
/// over a colour. Every page has it once.
pub(super) fn definitions() -> Element {
    let shapes = Class::ALL.into_iter().flat_map(|class| {
        let shape = element("path").with("d", look(class).shape);
        let key = class.key();
        [
            element("g").with("id", format_args!("m-{key}")).child(shape.clone()),
            element("g").with("id", format_args!("s-{key}")).child(shape.with("transform", "scale(.68)")),
        ]
    });
    let hatches = HATCHES.iter().enumerate().map(|(n, (turn, marks))| {
        element("pattern")
            .with("id", format_args!("hatch-{n}"))
            .with("width", 6)
            .with("height", 6)
            .with("patternUnits", "userSpaceOnUse")
            .with("patternTransform", format_args!("rotate({turn})"))
            .child(element("path").with("d", marks))
    });
    let all = element("defs").children(shapes).children(hatches);
    element("svg").class("definitions").with("aria-hidden", "true").child(all)
}

/// Angle and marks: what tells one throttle reason from the next.
const HATCHES: [(i32, &str); 3] =
    [(45, "M0 0h6v2.5h-6z"), (0, "M1 1h3v3h-3z"), (-45, "M0 0h6v1.5h-6zM0 3h6v1.5h-6z")];

/// The hatch of the n-th throttle reason; the first has none.
pub(super) fn hatch(reason: usize) -> Option<String> {
    let n = reason.checked_sub(1)?;
    Some(format!("url(#hatch-{})", n % HATCHES.len()))
}

/// The hatch of an environment's Init.
pub(super) const INIT_HATCH: &str = "url(#hatch-0)";

/// A class's shape, alone in its own little picture.
pub(super) fn marker(class: Class) -> Element {
    let key = class.key();
    element("svg")
        .class(format_args!("marker {key}"))
        .with("viewBox", "-7 -7 14 14")
        .with("aria-hidden", "true")
        .child(element("use").with("href", format_args!("#m-{key}")))
}

/// A shape and what it stands for.
pub(super) fn key_of(class: Class, mode: Mode) -> Element {
    element("span").class("key").child(marker(class)).text(words(class, mode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_class_has_its_own_colour_and_shape() {
        let different = |of: fn(Look) -> &'static str| {
            let all: BTreeSet<_> = Class::ALL.map(|class| of(look(class))).into();
            assert_eq!(all.len(), Class::ALL.len());
        };
        different(|look| look.light);
        different(|look| look.dark);
        different(|look| look.shape);
    }

    /// Relative luminance, as WCAG 2 defines it.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    #[test]
    fn every_colour_stands_out_from_its_page() {
        let contrast = |a: f64, b: f64| (a.max(b) + 0.05) / (a.min(b) + 0.05);
        for class in Class::ALL {
            let look = look(class);
            let (light, dark) = (luminance(look.light), luminance(look.dark));
            assert!(contrast(light, luminance("#ffffff")) > 2.1, "{class:?} on white");
            assert!(contrast(dark, luminance("#14171c")) > 3.0, "{class:?} on dark");
        }
    }

    #[test]
    fn every_shape_that_is_used_is_defined() {
        let defined = definitions().to_string();
        for class in Class::ALL {
            assert!(defined.contains(&format!("id=\"m-{}\"", class.key())));
        }
        for n in 0..9 {
            let Some(hatch) = hatch(n) else { continue };
            let id = hatch.trim_start_matches("url(#").trim_end_matches(')');
            assert!(defined.contains(&format!("id=\"{id}\"")), "{hatch}");
        }
    }
}
