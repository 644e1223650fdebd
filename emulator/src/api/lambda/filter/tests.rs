//! Patterns held against bodies, and patterns that are none.

use super::*;

fn criteria(patterns: &[&str]) -> Result<FilterCriteria, InvalidPattern> {
    FilterCriteria::new(patterns.iter().map(|&pattern| pattern.to_owned()).collect())
}

#[track_caller]
fn check(pattern: &str, body: &str, expected: bool) {
    let criteria = criteria(&[pattern]).unwrap_or_else(|_| panic!("no pattern: {pattern}"));
    assert_eq!(criteria.passes(body), expected, "{pattern} on {body}");
}

/// Holds the pattern of one field against values of that field.
#[track_caller]
fn check_field(rules: &str, matching: &[&str], others: &[&str]) {
    let pattern = format!(r#"{{"body":{{"a":{rules}}}}}"#);
    for (values, expected) in [(matching, true), (others, false)] {
        for value in values {
            check(&pattern, &format!(r#"{{"a":{value},"b":"x"}}"#), expected);
        }
    }
}

#[test]
fn values_match_exactly() {
    check_field(r#"["x"]"#, &[r#""x""#, r#""\u0078""#], &[r#""X""#, r#""xx""#, r#""""#, "null", "1"]);
    check_field(r#"[""]"#, &[r#""""#], &[r#"" ""#, "null"]);
    check_field("[null]", &["null"], &[r#""null""#, r#""""#, "false", "[]", "{}"]);
    check_field("[true]", &["true"], &["false", r#""true""#, "1"]);
    check_field("[false]", &["false"], &["true", "null", "0"]);
    check_field("[1]", &["1"], &["2", r#""1""#, "-1", "10", "true"]);
    check_field(r#"["x",1,null]"#, &[r#""x""#, "1", "null"], &[r#""y""#, "2", "true"]);
}

#[test]
fn numbers_are_equal_when_written_alike() {
    check_field("[300]", &["300", " 300 "], &["300.0", "3.0e2", "3e2"]);
    check_field("[300.0]", &["300.0"], &["300", "300.00", "3.0e2"]);
    check_field("[3.0e2]", &["3.0e2"], &["300", "300.0", "3.0E2", "3.0e+2"]);
    check_field("[0]", &["0"], &["-0", "0.0"]);
    check_field("[123456789012345678901]", &["123456789012345678901"], &["123456789012345678902"]);
    check_field(r#"[{"anything-but":300}]"#, &["300.0"], &["300"]);
    check_field(r#"[{"numeric":["=",300]}]"#, &["300", "300.0", "3.0e2"], &["301", r#""300""#]);
}

#[test]
fn case_can_be_ignored() {
    check_field(
        r#"[{"equals-ignore-case":"aLiÇe"}]"#,
        &[r#""Aliçe""#, r#""ALIÇE""#],
        &[r#""alice""#, r#""aliçe ""#, "null"],
    );
    check_field(r#"[{"equals-ignore-case":""}]"#, &[r#""""#], &[r#""a""#, "null"]);
    check_field(r#"[{"prefix":{"equals-ignore-case":"EventB"}}]"#, &[r#""eventbus""#], &[r#""event""#]);
    check_field(r#"[{"suffix":{"equals-ignore-case":".Png"}}]"#, &[r#""x.PNG""#], &[r#""x.png ""#, "1"]);
}

#[test]
fn texts_begin_and_end() {
    check_field(r#"[{"prefix":"us-"}]"#, &[r#""us-""#, r#""us-east-1""#], &[r#""US-""#, r#""eu-us-""#, "1"]);
    check_field(r#"[{"prefix":""}]"#, &[r#""""#, r#""x""#], &["1", "null"]);
    check_field(r#"[{"suffix":".png"}]"#, &[r#"".png""#, r#""a.png""#], &[r#""a.PNG""#, r#"".png2""#, "1"]);
}

#[test]
fn anything_but_leaves_values_out() {
    check_field(r#"[{"anything-but":"x"}]"#, &[r#""y""#, r#""X""#, "1", "null", "true"], &[r#""x""#]);
    check_field(r#"[{"anything-but":["x","y"]}]"#, &[r#""z""#, "1"], &[r#""x""#, r#""y""#]);
    check_field(r#"[{"anything-but":1}]"#, &["2", r#""1""#], &["1"]);
    check_field(r#"[{"anything-but":[1,2]}]"#, &["3", "null"], &["1", "2"]);
    check_field(r#"[{"anything-but":["x"]}]"#, &[r#"["x","y"]"#], &[r#"["x","x"]"#, "[]", "{}"]);
    check(r#"{"body":{"a":[{"anything-but":["x"]}]}}"#, r#"{"b":1}"#, false);
}

#[test]
fn numbers_can_be_in_a_range() {
    check_field(r#"[{"numeric":["=",5]}]"#, &["5", "5.0"], &["6", r#""5""#, "null"]);
    check_field(r#"[{"numeric":[">",10,"<=",20]}]"#, &["10.5", "20", "2e1"], &["10", "20.1", "[]"]);
    check_field(r#"[{"numeric":["<",0]},100,{"prefix":"x"}]"#, &["-1", "100", r#""xy""#], &["0", r#""y""#]);
}

#[test]
fn only_leaves_exist() {
    let anything = ["1", "null", r#""""#, "false", "[1]", "[{},1]"];
    let nothing = ["{}", r#"{"c":1}"#, "[]", "[[]]", r#"[{"c":1}]"#];
    check_field(r#"[{"exists":true}]"#, &anything, &nothing);
    check_field(r#"[{"exists":false}]"#, &nothing, &anything);
    check_field(r#"["x",{"exists":false}]"#, &[r#""x""#, "{}"], &[r#""y""#]);
    for (pattern, body, expected) in [
        (r#"{"body":{"a":[{"exists":true}]}}"#, r#"{"b":1}"#, false),
        (r#"{"body":{"a":[{"exists":false}]}}"#, r#"{"b":1}"#, true),
        (r#"{"body":{"a":[{"exists":false}]}}"#, "[]", true),
        (r#"{"body":{"a":{"b":[{"exists":false}]}}}"#, "{}", true),
        (r#"{"body":{"a":{"b":[{"exists":false}]}}}"#, r#"{"a":"x"}"#, true),
        (r#"{"body":{"a":{"b":[{"exists":false}]}}}"#, r#"{"a":{"b":"x"}}"#, false),
        (r#"{"body":{"a":{"b":[{"anything-but":["x"]},{"exists":false}]}}}"#, r#"{"c":{}}"#, true),
        (r#"{"body":{"a":[{"exists":false}],"b":[1]}}"#, r#"{"b":1}"#, true),
        (r#"{"body":{"a":[{"exists":false}],"b":[1]}}"#, r#"{"a":null,"b":1}"#, false),
    ] {
        check(pattern, body, expected);
    }
}

#[test]
fn all_fields_must_match() {
    let pattern = r#"{"body":{"a":["x","y"],"b":{"c":[1],"d":{"e":[true]}}}}"#;
    for (body, expected) in [
        (r#"{"a":"x","b":{"c":1,"d":{"e":true}}}"#, true),
        (r#"{"z":0,"b":{"d":{"e":true,"f":{}},"c":1},"a":"y"}"#, true),
        (r#"{"a":"z","b":{"c":1,"d":{"e":true}}}"#, false),
        (r#"{"a":"x","b":{"c":1,"d":{"e":false}}}"#, false),
        (r#"{"a":"x","b":{"c":1}}"#, false),
        (r#"{"a":"x","b":1}"#, false),
        (r#"{"a":"x","b":"{\"c\":1}"}"#, false),
        (r#"{"A":"x","b":{"c":1,"d":{"e":true}}}"#, false),
    ] {
        check(pattern, body, expected);
    }
}

#[test]
fn one_item_of_an_array_is_enough() {
    check_field(
        r#"["x"]"#,
        &[r#"["y","x"]"#, r#"[1,["x"]]"#, r#"[{},"x"]"#],
        &["[]", r#"["y"]"#, r#"[{"a":"x"}]"#],
    );
    check_field(r#"[{"numeric":[">",5]}]"#, &["[1,6]"], &["[1,5]", r#"["6"]"#]);
    check_field(r#"["x","y"]"#, &[r#"["z","y"]"#], &[r#"["z"]"#]);
}

#[test]
fn one_object_of_an_array_is_enough() {
    let name = r#"{"body":{"people":{"first":["Anna"]}}}"#;
    let names = r#"{"body":{"people":{"first":["Anna"],"last":["Jones"]}}}"#;
    let nameless = r#"{"body":{"people":{"first":[{"exists":false}]}}}"#;
    let first_only = r#"{"body":{"people":{"first":["Anna"],"last":[{"exists":false}]}}}"#;
    for (pattern, people, expected) in [
        (name, r#"[{"first":"John"},{"first":"Anna"}]"#, true),
        (name, r#"[[{"first":"John"}],[[{"first":["Peter","Anna"]}]]]"#, true),
        (name, r#"["Anna",{"first":"John"}]"#, false),
        (names, r#"[{"first":"Anna","last":"Smith"},{"first":"Peter","last":"Jones"}]"#, false),
        (names, r#"[{"first":"John","last":"Doe"},{"first":"Anna","last":"Jones"}]"#, true),
        (nameless, r#"[{"last":"Doe"},{}]"#, true),
        (nameless, r#"[{"last":"Doe"},{"first":"Anna"}]"#, false),
        (nameless, r#"["Anna"]"#, true),
        (nameless, "[]", true),
        (first_only, r#"[{"first":"Anna","last":"Smith"},{"first":"Anna"}]"#, true),
        (first_only, r#"[{"first":"Anna","last":"Smith"},{"first":"Peter"}]"#, false),
    ] {
        check(pattern, &format!(r#"{{"people":{people}}}"#), expected);
    }
    check(r#"{"body":{"a":[1]}}"#, r#"[{"b":1},{"a":1}]"#, true);
    check(r#"{"body":{"a":[1]}}"#, "[1]", false);
}

#[test]
fn either_pattern_is_enough() {
    let inside = r#"{"body":{"s":["x"],"$or":[{"a":[1]},{"b":[2],"$or":[{"c":[3]},{"d":[4]}]}]}}"#;
    let nested = r#"{"body":{"o":{"$or":[{"a":[{"exists":false}]},{"a":{"b":[1]}}]}}}"#;
    let whole = r#"{"$or":[{"body":{"a":[1]}},{"body":["plain"]}]}"#;
    let parallel = r#"{"body":{"$or":[{"a":[1]},{"b":[1]}],"o":{"$or":[{"c":[1]},{"d":[1]}]}}}"#;
    for (pattern, body, expected) in [
        (inside, r#"{"s":"x","a":1}"#, true),
        (inside, r#"{"s":"x","b":2,"c":3}"#, true),
        (inside, r#"{"s":"x","b":2,"d":4}"#, true),
        (inside, r#"{"s":"x","b":2}"#, false),
        (inside, r#"{"s":"x","c":3}"#, false),
        (inside, r#"{"s":"y","a":1}"#, false),
        (inside, r#"{"s":"x"}"#, false),
        (nested, r#"{"o":{}}"#, true),
        (nested, r#"{"o":{"a":{"b":1}}}"#, true),
        (nested, r#"{"o":{"a":2}}"#, false),
        (whole, r#"{"a":1}"#, true),
        (whole, "plain", true),
        (whole, r#"{"a":2}"#, false),
        (whole, "other", false),
        (parallel, r#"{"a":1,"o":{"d":1}}"#, true),
        (parallel, r#"{"b":1,"o":{}}"#, false),
        (parallel, r#"{"o":{"c":1}}"#, false),
    ] {
        check(pattern, body, expected);
    }
}

#[test]
fn forms_of_body_and_pattern_must_agree() {
    let json = r#"{"body":{"a":["x"]}}"#;
    let absent = r#"{"body":{"b":[{"exists":false}]}}"#;
    let plain = r#"{"body":["txt",{"prefix":"Result: "},"12","[1","true","{\"a\":\"x\"}"]}"#;
    let present = r#"{"body":[{"exists":true}]}"#;
    let missing = r#"{"body":[{"exists":false}]}"#;
    for (pattern, body, expected) in [
        (json, r#"{"a":"x"}"#, true),
        (json, " \r\n\t{ \"a\" : \"x\" } \n", true),
        (json, r#"{"a":"x""#, false),
        (json, r#"{"a":"x"} x"#, false),
        (json, "txt", false),
        (json, r#""{\"a\":\"x\"}""#, false),
        (json, "", false),
        (absent, "txt", false),
        (absent, r#"{"a":"x"}"#, true),
        (plain, "txt", true),
        (plain, "Result: 7", true),
        (plain, "12", true),
        (plain, "[1", true),
        (plain, "true", true),
        (plain, "txt ", false),
        (plain, r#""txt""#, false),
        (plain, r#"{"a":"x"}"#, false),
        (plain, r#"["txt"]"#, false),
        (present, "", true),
        (present, "txt", true),
        (present, r#"{"a":"x"}"#, false),
        (missing, "txt", false),
        (missing, "{}", false),
        (r#"{"body":[12]}"#, "12", false),
        (r#"{"body":[{"numeric":["=",12]}]}"#, "12", false),
        (r#"{"body":[null]}"#, "null", false),
        (r#"{"body":[""]}"#, "", true),
    ] {
        check(pattern, body, expected);
    }
}

#[test]
fn only_the_body_filters() {
    for pattern in [
        "{}",
        r#"{"messageAttributes":{"n":{"stringValue":["x"]}}}"#,
        r#"{"eventSource":["aws:s3"]}"#,
        r#"{"attributes":{"SenderId":[{"exists":false}]},"Body":["x"]}"#,
        r#"{"$or":[{"body":["x"]},{"messageId":["y"]}]}"#,
    ] {
        for body in ["", "txt", "{}", r#"{"a":1}"#, "[1]"] {
            check(pattern, body, true);
        }
    }
    check(r#"{"eventSource":["aws:s3"],"body":{"a":[1]}}"#, r#"{"a":1}"#, true);
    check(r#"{"eventSource":["aws:sqs"],"body":{"a":[1]}}"#, r#"{"a":2}"#, false);
    check(r#"{"body":{"body":["x"]}}"#, r#"{"body":"y"}"#, false);
}

#[test]
fn one_pattern_is_enough() {
    let patterns = [r#"{"body":{"a":[1]}}"#, r#"{"body":["txt"]}"#];
    let criteria = criteria(&patterns).expect("good patterns");
    assert_eq!(criteria.patterns(), patterns);
    for (body, expected) in [(r#"{"a":1}"#, true), ("txt", true), (r#"{"a":2}"#, false), ("text", false)] {
        assert_eq!(criteria.passes(body), expected, "{body}");
    }
}

#[test]
fn without_patterns_everything_passes() {
    let criteria = criteria(&[]).expect("nothing to compile");
    assert!(criteria.patterns().is_empty());
    assert!(criteria.passes("txt") && criteria.passes("{}"));
}

#[test]
fn patterns_are_json_objects_of_lists() {
    for pattern in [
        "",
        " ",
        "simple string",
        r#""simple string""#,
        "null",
        "1",
        "[]",
        r#"[{"body":["x"]}]"#,
        r#"{"body":["x"]"#,
        r#"{"body":["x"]} x"#,
        r#"{"body":["x"],}"#,
        "{'body':['x']}",
        r#"{"body":"x"}"#,
        r#"{"body":1}"#,
        r#"{"body":null}"#,
        r#"{"body":[]}"#,
        r#"{"body":{}}"#,
        r#"{"body":[["x"]]}"#,
        r#"{"body":{"a":"x"}}"#,
        r#"{"body":{"a":{}}}"#,
        r#"{"body":{"a":{"b":[]}}}"#,
        r#"{"body":{"a":{"exists":true}}}"#,
        r#"{"eventSource":"aws:sqs"}"#,
        r#"{"eventSource":[]}"#,
        r#"{"eventSource":["aws:sqs",1,[]]}"#,
    ] {
        assert_eq!(criteria(&[pattern]).err(), Some(InvalidPattern), "{pattern}");
    }
    assert_eq!(criteria(&["{}", "[]"]).err(), Some(InvalidPattern));
}

#[test]
fn operators_that_are_none() {
    for rule in [
        "{}",
        r#"{"exists":true,"prefix":"x"}"#,
        r#"{"exists":"true"}"#,
        r#"{"exists":1}"#,
        r#"{"exists":[true]}"#,
        r#"{"EXISTS":true}"#,
        r#"{"equals-ignore-case":["x"]}"#,
        r#"{"equals-ignore-case":1}"#,
        r#"{"equals-ignore-case":{"prefix":"x"}}"#,
        r#"{"prefix":1}"#,
        r#"{"prefix":null}"#,
        r#"{"prefix":["x"]}"#,
        r#"{"prefix":{}}"#,
        r#"{"prefix":{"suffix":"x"}}"#,
        r#"{"prefix":{"equals-ignore-case":1}}"#,
        r#"{"prefix":{"equals-ignore-case":"x","prefix":"x"}}"#,
        r#"{"suffix":1}"#,
        r#"{"suffix":[".png"]}"#,
        r#"{"suffix":{"prefix":"x"}}"#,
        r#"{"anything-but":null}"#,
        r#"{"anything-but":true}"#,
        r#"{"anything-but":[]}"#,
        r#"{"anything-but":[null]}"#,
        r#"{"anything-but":["x",1]}"#,
        r#"{"anything-but":[["x"]]}"#,
        r#"{"anything-but":{"prefix":"x"}}"#,
        r#"{"anything-but":{"suffix":"x"}}"#,
        r#"{"anything-but":{"equals-ignore-case":"x"}}"#,
        r#"{"anything-but":{"wildcard":"*x"}}"#,
        r#"{"numeric":5}"#,
        r#"{"numeric":[]}"#,
        r#"{"numeric":["~",5]}"#,
        r#"{"numeric":[">",20,"<",10]}"#,
        r#"{"numeric":[">",1700000000000]}"#,
        r#"{"NUMERIC":["=",5]}"#,
        r#"{"wildcard":"*x"}"#,
        r#"{"cidr":"10.0.0.0/24"}"#,
        r#"{"exactly":"x"}"#,
        r#"{"regex":"x"}"#,
    ] {
        for pattern in [format!(r#"{{"body":{{"a":["x",{rule}]}}}}"#), format!(r#"{{"body":[{rule}]}}"#)] {
            assert_eq!(criteria(&[&pattern]).err(), Some(InvalidPattern), "{pattern}");
        }
    }
}

#[test]
fn choices_that_are_none() {
    for choice in [
        "null",
        r#""x""#,
        r#"{"a":["x"]}"#,
        "[]",
        r#"["x","y"]"#,
        r#"[{"a":["x"]}]"#,
        r#"[{"a":["x"]},"y"]"#,
        r#"[{"a":["x"]},[]]"#,
        r#"[{"a":["x"]},{}]"#,
        r#"[{"a":["x"]},{"b":"y"}]"#,
    ] {
        for pattern in [format!(r#"{{"$or":{choice}}}"#), format!(r#"{{"body":{{"$or":{choice}}}}}"#)] {
            assert_eq!(criteria(&[&pattern]).err(), Some(InvalidPattern), "{pattern}");
        }
    }
}

#[test]
fn patterns_have_a_length() {
    for (length, good) in [(4_096, true), (4_097, false)] {
        let pattern = format!(r#"{{"body":["{}"]}}"#, "é".repeat(length - r#"{"body":[""]}"#.len()));
        assert_eq!(pattern.chars().count(), length);
        assert_eq!(criteria(&[&pattern]).is_ok(), good, "{length}");
    }
}

#[test]
fn nesting_has_an_end() {
    let nested = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let pattern = |depth: usize| format!(r#"{{"body":{}}}"#, nested(depth).replace('1', "[1]"));
    let deepest = 125;
    check(&pattern(deepest), &nested(deepest), true);
    assert_eq!(criteria(&[&pattern(deepest + 1)]).err(), Some(InvalidPattern));

    let wide = r#"{"body":{"a":[{"exists":false}]}}"#;
    let arrays = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    check(wide, &arrays(127), true);
    check(wide, &arrays(128), false);
    check(r#"{"body":[{"prefix":"[["}]}"#, &arrays(10_000), true);
}

#[test]
fn what_aws_says_of_a_wrong_pattern() {
    assert_eq!(InvalidPattern.to_string(), "Invalid filter pattern definition.");
}
