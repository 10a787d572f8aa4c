"""Whether a candidate may take the champion's place: a pure judgement over fixed sets, `judgement.judge`."""
