/// What the parser's script for bash does not know: that a command stands behind the name of `run` and `once`.
enum BashCompletion {
    /// The options of these two that take a value, to find the name behind them.
    static let optionsWithValue = [
        "-w", "--wait", "--timeout", "--permits", "-E", "--conflict-exit-code", "--ttl", "--max-hold", "--min-hold",
        "--kill-after", "--on-lost", "--name", "-c", "--command", "--fd", "--store", "--retention",
    ]

    static let commandBehindName = """

        # Moves $at over options and their values, and over the -- behind them.
        _holdfast_skip_options() {
            while ((at < COMP_CWORD)); do
                case "${COMP_WORDS[at]}" in
                --) ((at++)); return ;;
                \(optionsWithValue.joined(separator: "|"))) ((at += 2)) ;;
                -*) ((at++)) ;;
                *) return ;;
                esac
            done
        }

        # What stands behind the name of "holdfast run" is completed as a command.
        _holdfast_or_command() {
            local -i at=2
            if [[ "${COMP_WORDS[1]}" == run || "${COMP_WORDS[1]}" == once ]]; then
                _holdfast_skip_options
                # Now at the name.
                if ((at == COMP_CWORD)) && [[ "$2" != -* ]]; then
                    COMPREPLY=($(compgen -W "$(\(NameCompletion.command))" -- "$2"))
                    return
                fi
                ((at++))
                _holdfast_skip_options
                if ((at < COMP_CWORD)) || { ((at == COMP_CWORD)) && [[ "$2" != -* ]]; }; then
                    if declare -F _command_offset >/dev/null; then
                        _command_offset "${at}"
                    elif ((at == COMP_CWORD)); then
                        COMPREPLY=($(compgen -c -- "$2"))
                    else
                        COMPREPLY=($(compgen -f -- "$2"))
                    fi
                    return
                fi
            fi
            _holdfast "$@"
        }

        complete -o filenames -F _holdfast_or_command holdfast

        """
}
