//! The reader against a table of odd files.

use super::*;

fn references(text: &str) -> Vec<String> {
    let bases = read(text, &[]).unwrap_or_else(|refusal| panic!("{refusal}: {text:?}"));
    bases.into_iter().map(|base| base.reference).collect()
}

fn refused(text: &str) -> Refusal {
    match read(text, &[]) {
        Ok(bases) => panic!("not refused: {text:?}: {bases:?}"),
        Err(refusal) => refusal,
    }
}

#[test]
fn bases_are_found_with_their_places() {
    let text = "# syntax=docker/dockerfile:1\nARG TAG=3.12\nARG NAME=\"python:${TAG}\"\n\
        FROM --platform=linux/amd64 node:20 AS Assets\nRUN echo \\\n  FROM fake:1\n# FROM fake:2\n\
        from assets\nFROM scratch\n  FROM $NAME\nARG TAG=no\nFROM x:${TAG}-slim as y\nFROM \\\n z:${NONE:-1}${TAG:+a}\n";
    let bases = read(text, &[]).unwrap();
    let found: Vec<_> = bases
        .iter()
        .map(|base| {
            (
                base.line,
                base.reference.as_str(),
                &text[base.range.clone()],
            )
        })
        .collect();
    let expected = [
        (4, "node:20", "node:20"),
        (10, "python:3.12", "$NAME"),
        (12, "x:3.12-slim", "x:${TAG}-slim"),
        (13, "z:1a", "z:${NONE:-1}${TAG:+a}"),
    ];
    assert_eq!(found, expected);
    assert!(bases[1].stages.contains("assets") && !bases[0].stages.contains("assets"));
}

#[test]
fn ordinary_files_pass() {
    for (text, expected) in [
        (
            "FROM node:20 AS build\nFROM nginx:1\nCOPY --from=build /a /b\n",
            &["node:20", "nginx:1"][..],
        ),
        (
            "FROM node:20\nFROM nginx:1\nCOPY --chown=1:1 --from=0 /a /b\n",
            &["node:20", "nginx:1"],
        ),
        (
            "FROM a:1\nCOPY --from=busybox:1 /a /b\nCOPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/\n",
            &["a:1"],
        ),
        (
            "FROM a:1\nCOPY --from=n@sha256:0123 /a /b\nCOPY données/ \"[x y]\" /x/\n",
            &["a:1"],
        ),
        // A stage may have any name, and Docker looks for stages first.
        (
            "FROM a:1 AS feed\nFROM b:1 AS Cafe\nCOPY --from=FEED /a /b\nFROM cafe\n",
            &["a:1", "b:1"],
        ),
        ("FROM feed:latest\n", &["feed:latest"]),
        (
            "FROM docker.io/library/debian:12\n",
            &["docker.io/library/debian:12"],
        ),
        ("FROM windlass-test/python:1\n", &["windlass-test/python:1"]),
        (
            "FROM example.org:5000/windlass/shop:1\n",
            &["example.org:5000/windlass/shop:1"],
        ),
        ("ARG BASE\nFROM ${BASE:-python:3}\n", &["python:3"]),
        ("ARG A='x' B=\"y\"\nFROM $A:${B}\n", &["x:y"]),
        (
            "ARG TARGETARCH\nFROM --platform=$BUILDPLATFORM golang:1\n",
            &["golang:1"],
        ),
        ("FROM python:3${SUFFIX}\n", &["python:3"]),
        (
            "FROM a:1\nARG feed\nRUN --mount=type=cache,target=/x true\n",
            &["a:1"],
        ),
        (
            "FROM a:1\nRUN psql -c \"select * \\\n  from feed\"\n# COPY --from=feed a b\n",
            &["a:1"],
        ),
        (
            "FROM a:1\nRUN x \\\n\n  # COPY --from=feed\n  && y\nCOPY . .\n",
            &["a:1"],
        ),
        (
            "FROM a:1\nRUN echo $((1 <<2)) && cat <<<x\nFROM b:1 AS n\nFROM n\n",
            &["a:1", "b:1"],
        ),
        (
            "FROM a:1\r\nRUN x \\\r\n  y\r\nFROM b:1\r\n",
            &["a:1", "b:1"],
        ),
        ("\u{feff}FROM a:1\n", &["a:1"]),
        (
            "# escape=`\nFROM a:1\nRUN dir `\n  c\nFROM b:1\n",
            &["a:1", "b:1"],
        ),
        (
            "FROM a:1\nONBUILD COPY --from=b:1 a b\nONBUILD RUN true\nENV X=--from=feed\n",
            &["a:1"],
        ),
        ("FROM a:1\nCMD [\"x\", \"--from=feed\"]\n", &["a:1"]),
        ("", &[]),
    ] {
        assert_eq!(references(text), expected, "{text:?}");
    }
}

/// Every line here is one that some version of Docker carries out, or could.
#[test]
fn private_names_are_refused_however_they_are_written() {
    for (line, text) in [
        (1, "FROM windlass/victim:1"),
        (1, "from\twindlass/victim"),
        (1, " \t FROM \x0b docker.io/windlass/victim:1 AS x"),
        (1, "FROM index.docker.io/windlass/victim"),
        (1, "FROM --platform=linux/amd64 windlass/victim"),
        (1, "FROM 3fa"),
        (1, "FROM 0"),
        (1, "FROM sha256:3fa"),
        (1, "FROM \"windlass/victim:1\""),
        (1, "FROM 'windlass'/victim"),
        (1, "FROM windl\\ass/victim"),
        (1, "FROM windl`ass/victim"),
        (1, "FROM win\\\ndlass/victim"),
        (1, "FROM \\\n# x\n\n  windlass/victim"),
        (1, "F\\\nROM 3fa"),
        (1, "\u{feff}FROM 3fa"),
        (2, "FROM a:1\n\u{a0}\u{2003}FROM 3fa"),
        (2, "ARG A=windlass\nFROM $A/victim"),
        (2, "ARG A=3fa\nFROM ${A}"),
        (2, "ARG A\nFROM ${A:-3fa}"),
        (2, "ARG A=x\nFROM ${A:+3fa}"),
        (3, "ARG A=windlass\nARG B=\"${A}/victim\"\nFROM $B"),
        (2, "ARG A=x A=3fa\nFROM $A"),
        // The stage is not built yet, or is itself.
        (1, "FROM feed AS feed"),
        (2, "FROM a:1 AS feed\nCOPY --from=feed /a /b"),
        (2, "FROM a:1\nCOPY --from=feed /a /b\nFROM b:1 AS feed"),
        // Too large a number is no stage's.
        (2, "FROM a:1\nCOPY --from=99999999999999999999 /a /b"),
        (2, "FROM a:1\nCOPY --from=windlass/victim:1 / /x"),
        (2, "FROM a:1\nCoPy --chown=0 --from=3fa / /x"),
        (2, "FROM a:1\nCOPY --from windlass/victim / /x"),
        (2, "FROM a:1\nCOPY --from=\"windlass/victim\" / /x"),
        (2, "FROM a:1\nCOPY --fr\\om='wind'lass/victim / /x"),
        (2, "FROM a:1\nCOPY --chown='a b' --\"from\"=3fa / /x"),
        // Docker goes through flags byte by byte, and the second byte of an à is a blank to it.
        (2, "FROM a:1\nCOPY --chown=xà--from=3fa / /x"),
        (2, "FROM a:1\nCOPY \\\n  --from=\\\nwindlass/victim / /x"),
        (2, "FROM a:1\nADD --from=windlass/victim / /x"),
        (
            2,
            "FROM a:1\nRUN --mount=type=bind,from=windlass/victim,target=/x true",
        ),
        (2, "FROM a:1\nRUN --network=none --mount=From=3fa true"),
        (2, "FROM a:1\nRUN --mount type=bind,\\\"from=3fa\\\" true"),
        (2, "FROM a:1\nONBUILD COPY --from=windlass/victim / /x"),
        (2, "FROM a:1\nonbuild\tADD --from=3fa / /x"),
        (2, "FROM a:1\nONBUILD \u{feff}COPY --from=3fa / /x"),
        (2, "FROM a:1\nONBU\u{130}LD COPY --from=3fa / /x"),
        (2, "FROM a:1\nONBUILD ONBUILD COPY --from=3fa / /x"),
        (2, "FROM a:1\nONBUILD RUN --mount=from=3fa true"),
        // The escape character.
        (3, "# escape=`\nFROM a:1\nCOPY `\n --from=3fa / /x"),
        (
            4,
            "# escape=`\nFROM a:1\nRUN dir c:\\\nCOPY --from=3fa / /x",
        ),
        (
            4,
            "#  eScApE = `  \nFROM a:1\nRUN x \\\nCOPY --from=3fa / /x",
        ),
        (4, "# check=x\n# escape=`\nFROM a:1\nCOPY --from=3fa / /x"),
        (4, "# x\n# escape=`\nFROM a:1\nCOPY --from=3fa `\n / /x"),
        (3, "FROM a:1\nRUN echo \\\\\nCOPY --from=3fa / /x"),
        (3, "FROM a:1\nRUN echo \\ \t\r\r\nCOPY --from=3fa / /x"),
        (3, "FROM a:1\nRUN echo \\ x\nCOPY --from=3fa / /x"),
        // Carriage returns are blanks and no line ends.
        (2, "FROM a:1\nCOPY\r--from=3fa / /x"),
        (2, "FROM a:1\r\nCOPY --from=3fa / /x\r\n"),
        // What 20.10 takes for instructions, and what stands behind a here-document for the others.
        (3, "FROM a:1\nRUN <<EOF\nCOPY --from=3fa / /x\nEOF"),
        (5, "FROM a:1\nRUN <<'EOF\\'\nx\nEOF\\\nCOPY --from=3fa / /x"),
        (5, "FROM a:1\nRUN 3<<-E\n# \\\nE\nCOPY --from=3fa / /x"),
        (2, "FROM a:1\nONBUILD RUN <<EOF\nx\nEOF"),
        // A stage within a here-document is none.
        (
            6,
            "FROM a:1\nRUN <<EOF\nFROM a:1 AS feed\nEOF\nFROM b:1\nCOPY --from=feed / /x",
        ),
        (
            6,
            "FROM a:1\nRUN <<EOF\nFROM a:1 AS feed\nEOF\nFROM b:1\nFROM feed",
        ),
    ] {
        let refusal = refused(text);
        assert_eq!(refusal.line, line, "{refusal}: {text:?}");
    }
}

#[test]
fn what_cannot_be_read_for_sure_is_refused() {
    for (line, text) in [
        (1, "FROM ${A#x}"),
        (1, "FROM python:${A/x/y}"),
        (1, "FROM ${A-x}"),
        (1, "FROM ${A:-${B}}"),
        (1, "FROM ${A:?x}"),
        (1, "FROM ${A"),
        (1, "FROM ${}"),
        (1, "FROM $1"),
        (1, "FROM 'x"),
        (1, "FROM $A"),
        (1, "FROM ${A}/x"),
        (1, "FROM win${A}"),
        (1, "FROM docker.io/$A"),
        (1, "FROM $TARGETARCH/debian"),
        (1, "FROM $http_proxy"),
        (1, "FROM x$GIVEN"),
        (2, "ARG A=b C=$A\nFROM x$C"),
        (3, "ARG A=b\nARG A\nFROM x$A"),
        (2, "ARG A=\\y\nFROM x$A"),
        (2, "ARG $A=b\nFROM x$A"),
        (2, "ARG A=${B#c}\nFROM x$A"),
        (1, "FROM x y"),
        (1, "FROM x AS"),
        (1, "FROM x AS y z"),
        (1, "FROM"),
        (1, "FROM --platform linux/amd64 x"),
        (1, "FROM -- x"),
        (1, "FROM x\u{a0}:1"),
        (1, "FROM x,y"),
        (1, "FROM py\\\nthon:3"),
        (2, "FROM a:1\nCOPY --from=$X / /x"),
        (2, "FROM a:1\nCOPY --from=${X:-build} / /x"),
        (2, "FROM a:1\nCOPY --from=a,b / /x"),
        (2, "FROM a:1\nONBUILD FROM x:1"),
        (3, "FROM a:1\nRUN echo \\\\\nFROM b:1"),
        (4, "FROM a:1\nRUN <<EOF\nx \\\nFROM b:1\nEOF"),
    ] {
        match read(text, &["GIVEN".to_owned()]) {
            Ok(bases) => panic!("not refused: {text:?}: {bases:?}"),
            Err(refusal) => assert_eq!(refusal.line, line, "{refusal}: {text:?}"),
        }
    }
}

#[test]
fn refusals_say_what_to_write_instead() {
    for (text, words) in [
        (
            "FROM windlass/shop:1",
            &[
                "line 1: FROM windlass/shop:1 is refused",
                "of this application included",
                "registry",
            ][..],
        ),
        (
            "\nFROM feed",
            &[
                "line 2: FROM feed is refused",
                "beginning of an image's id",
                "'feed:latest'",
            ],
        ),
        (
            "ARG A=3fa\nFROM $A",
            &[
                "line 2: FROM $A gives '3fa', which is refused",
                "'3fa:latest'",
            ],
        ),
        (
            "FROM x\nCOPY --from=sha256:0 / /",
            &[
                "line 2: COPY --from=sha256:0 is refused",
                "the id of an image",
                "name@sha256:",
            ],
        ),
        (
            "FROM x\nONBUILD ADD --from=3fa / /",
            &["line 2: in ONBUILD: ADD --from=3fa is refused"],
        ),
        (
            "FROM x\nCOPY --from=$X / /",
            &["COPY --from=$X has a variable"],
        ),
        (
            "FROM $X",
            &[
                "variable without a value",
                "by an ARG before the first FROM",
            ],
        ),
    ] {
        let said = refused(text).to_string();
        for word in words {
            assert!(said.contains(word), "{word:?} is not in: {said}");
        }
    }
    let said = refused(&format!(
        "FROM x\nCOPY --from={}\u{1b}[2J / /",
        "x".repeat(5000)
    ))
    .to_string();
    assert!(said.len() < 500 && !said.contains('\u{1b}'), "{said}");
}

#[test]
fn triggers_of_bases_are_read_as_files_of_their_own() {
    let stages = HashSet::from(["feed".to_owned()]);
    for good in [
        "COPY . /app",
        "COPY --from=feed /a /b",
        "COPY --from=0 /a /b",
        "COPY --from=busybox:1 /a /b",
        "RUN echo windlass/victim",
        "",
    ] {
        assert_eq!(check_trigger(good, &stages), Ok(()), "{good:?}");
    }
    for bad in [
        "COPY --from=windlass/victim / /x",
        "\u{feff}copy --from=3fa / /x",
        "# escape=`\nCOPY `\n--from=3fa / /x",
        "RUN true\nCOPY --from=3fa / /x",
        "RUN --mount=from=sha256:0 true",
        "ONBUILD RUN true",
        "FROM a:1",
    ] {
        assert!(check_trigger(bad, &stages).is_err(), "{bad:?}");
    }
}

#[test]
fn a_hostile_file_is_read_quickly() {
    let begun = std::time::Instant::now();
    let half = 512 * 1024;
    for text in [
        "RUN <<EOF\n".to_owned() + &"\\\n".repeat(half),
        "RUN <<EOF\n".to_owned() + &"x\\\n".repeat(half / 2),
        "RUN <<EOF\n".to_owned() + &"x\\\n#\n".repeat(half / 4),
        "FROM x:1 AS y\n".repeat(half / 8),
        format!("ARG A=x\n{}FROM $A\n", "ARG A=$A$A\n".repeat(64)),
        "ONBUILD ".repeat(half / 8),
        "# escape=`\n".to_owned() + &"COPY --from=a \\\n".repeat(half / 16),
    ] {
        let _ = read(&text, &[]);
    }
    assert!(
        begun.elapsed() < std::time::Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
}

proptest::proptest! {
    #[test]
    fn ranges_are_within_the_text(text: String) {
        for base in read(&text, &[]).unwrap_or_default() {
            assert!(text.get(base.range).is_some());
        }
    }

    #[test]
    fn ranges_hold_the_image(text in "(FROM|from|[ \t\r\n\\\\`#a-c:$=]|AS|ARG|escape|<<E){0,40}") {
        for base in read(&text, &[]).unwrap_or_default() {
            let word = &text[base.range];
            assert!(!word.contains(['\n', ' ']) && (word == base.reference || word.contains('$')), "{text:?}");
        }
    }

    #[test]
    fn odd_variables_do_not_panic(rest in r#"[${}:A-Z+\-"'\\]{0,12}"#) {
        let _ = read(&format!("ARG A=b\nFROM {rest}\n"), &[]);
    }

    /// Whatever stands before: a line without an escape character at its end ends an instruction.
    #[test]
    fn nothing_hides_an_instruction(before: String, odd in "[\\\\`#\u{feff} \t\r\n<a-zA-Z=\"'\u{a0}-]{0,60}") {
        for before in [before, odd] {
            for hidden in ["COPY --from=windlass/victim / /x", "FROM 3fa", "ONBUILD ADD --from=3fa / /x"] {
                let text = format!("{before}\nRUN true\n{hidden}\n");
                assert!(read(&text, &[]).is_err(), "{text:?}");
            }
        }
    }

    /// However the name's letters are spread over quotes and escapes.
    #[test]
    fn no_spelling_of_a_flag_is_missed(pieces in proptest::collection::vec("[\"'\\\\]?", 22)) {
        let flag = "--from=windlass/victim";
        let mut spelled = String::from("--");
        let mut quote = None;
        for (letter, piece) in flag[2..].chars().zip(&pieces) {
            match (piece.as_str(), quote.take()) {
                ("\\", open) => {
                    spelled.push('\\');
                    quote = open;
                }
                ("\"" | "'", None) => {
                    spelled.push_str(piece);
                    quote = Some(piece.as_str());
                }
                (_, Some(open)) => spelled.push_str(open),
                _ => {}
            }
            spelled.push(letter);
        }
        if let Some(open) = quote {
            spelled.push_str(open);
        }
        let text = format!("FROM a:1\nCOPY {spelled} / /x\n");
        assert!(read(&text, &[]).is_err(), "{text:?}");
    }
}
