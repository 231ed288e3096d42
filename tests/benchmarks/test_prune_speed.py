"""The table of speed-ups, on a small image."""

import json

from benchmarks.prune_speed import MULTIPLES, main


def test_the_pruned_network_is_timed_beside_its_original(tmp_path, capsys):
    output = tmp_path / "speed.json"
    arguments = ["--network", "packaged student", "--side", "64", "--repeats", "10"]
    main([*arguments, "--output", str(output)])
    rows = json.loads(output.read_text())["rows"]
    assert [row["multiple"] for row in rows] == list(MULTIPLES)
    for row in rows:
        assert abs(row["macs"] - 0.6) < 0.03
        assert row["speedup"] == row["latency_ms"] / row["pruned_latency_ms"]
    assert "| packaged student | 8 | 0." in capsys.readouterr().out
