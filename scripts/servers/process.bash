# Starting processes that outlive this script, and proving later that a process is still the one that was started.
#
# A process id alone proves nothing: after a crash or a reboot the number may belong to somebody else. So a process
# is remembered as `id, start time, boot`, which no other process ever has.

for tool in setsid flock realpath grep sed; do
    command -v "$tool" >/dev/null || die "needs the program '$tool' (util-linux, coreutils, grep, sed)"
done
[[ -r /proc/self/stat && -r /proc/sys/kernel/random/boot_id ]] ||
    die "needs Linux with /proc; elsewhere use docker compose, or set DATABASE_URL and AMQP_URL"

# folder_of PROGRAM: where the PATH's program really is; nothing when there is none.
folder_of() {
    local path
    path=$(type -P "$1") || return 0
    dirname -- "$(realpath -- "$path")"
}

read -r boot </proc/sys/kernel/random/boot_id

# launch FILE LOG COMMAND…: starts COMMAND in a session of its own, so that Ctrl-C in a terminal does not reach it,
# and remembers it in FILE.
launch() {
    local file=$1 log=$2
    shift 2
    (cd / && exec setsid -- "$@") </dev/null >>"$log" 2>&1 9>&- &
    disown "$!"
    remember "$!" "$file"
}

# remember PID FILE
remember() {
    local start
    start=$(start_time "$1") || start=gone
    echo "$1 $start $boot" >"$2"
}

# start_time PID: fails when there is no such process, or only its corpse (nobody may be there to collect it).
start_time() {
    local stat fields
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    # The program's name stands in brackets and may itself hold blanks and brackets.
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} != [ZX] ]] || return 1
    echo "${fields[19]}"
}

# is_alive FILE: is the process that was remembered there still running?
is_alive() {
    local pid start its_boot
    [[ -s $1 ]] || return 1
    read -r pid start its_boot <"$1"
    [[ $its_boot == "$boot" && $start == "$(start_time "$pid")" ]]
}

# pid_of FILE: the process's id, once it is proven that it is still the same one.
pid_of() {
    is_alive "$1" || return 1
    local pid
    read -r pid _ <"$1"
    echo "$pid"
}

# process_state FILE
process_state() {
    local pid stat
    pid=$(pid_of "$1") || { echo stopped && return 0; }
    stat=$(<"/proc/$pid/stat")
    if [[ ${stat##*) } == T* ]]; then echo "frozen (process $pid)"; else echo "running (process $pid)"; fi
}

# children_of PID
children_of() {
    local file stat fields
    for file in /proc/[0-9]*/stat; do
        { read -r stat <"$file"; } 2>/dev/null || continue
        read -ra fields <<<"${stat##*) }"
        if [[ ${fields[1]} == "$1" ]]; then echo "${stat%% *}"; fi
    done
}

# signal SIGNAL PID…: a process that just ended is no failure.
signal() {
    local name=$1
    shift
    kill -s "$name" -- "$@" 2>/dev/null || true
}

# within SECONDS COMMAND…: waits until COMMAND succeeds; fails when it does not in time.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS <= end)) || return 1
        sleep 0.05
    done
}

is_gone() { ! is_alive "$1"; }

# end_process FILE SIGNAL SECONDS: asks to stop, waits, and does not ask again after that.
end_process() {
    local pid
    pid=$(pid_of "$1") || { rm -f -- "$1" && return 0; }
    signal "$2" "$pid"
    if ! within "$3" is_gone "$1"; then
        say "process $pid did not stop within $3 s: killing it"
        signal KILL "$pid"
        within 10 is_gone "$1" || die "process $pid does not end"
    fi
    rm -f -- "$1"
}
