//! Tables for the terminal: a column of names, and numbers beside it.

use super::text::FAINT;

/// A line for each row below a head, indented. Only the first column stands left.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |n: usize| {
        let cells = rows.iter().map(|row| row[n].chars().count());
        cells.chain([head[n].len()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let cells = cells.into_iter().zip(&widths).enumerate().map(|(n, (cell, &width))| match n {
            0 => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    let mut text = format!("  {FAINT}{}{FAINT:#}\n", line(head.to_vec()));
    for row in rows {
        text.push_str(&format!("  {}\n", line(row.iter().map(String::as_str).collect())));
    }
    text
}
