// Times the two parsers that Go programs read metrics pages with. Both read the labels and the value of every series.
//
// Standard input holds one JSON object a line: {"pages": […]} names the files of a run, in their order; {"parser",
// "seconds"} asks for one round over them, again and again until the seconds have passed, and is answered by a line.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

type request struct {
	Pages   []string `json:"pages"`
	Parser  string   `json:"parser"`
	Seconds float64  `json:"seconds"`
}

type round struct {
	Pages      int     `json:"pages"`
	Bytes      int     `json:"bytes"`
	CPUSeconds float64 `json:"cpuSeconds"`
}

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "go-parsers:", err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer) error {
	parsers := map[string]func([]byte) error{"textparse": withTextparse, "expfmt": withExpfmt}
	var pages [][]byte
	requests := bufio.NewScanner(in)
	requests.Buffer(nil, 1<<24)
	for requests.Scan() {
		var asked request
		if err := json.Unmarshal(requests.Bytes(), &asked); err != nil {
			return err
		}
		if asked.Pages != nil {
			var err error
			if pages, err = read(asked.Pages); err != nil {
				return err
			}
			continue
		}
		parse, ok := parsers[asked.Parser]
		if !ok {
			return fmt.Errorf("there is no parser %q", asked.Parser)
		}
		measured, err := measure(parse, pages, asked.Seconds)
		if err != nil {
			return fmt.Errorf("%s: %w", asked.Parser, err)
		}
		if err := json.NewEncoder(out).Encode(measured); err != nil {
			return err
		}
	}
	return requests.Err()
}

// read reads each file once, however often it is named.
func read(paths []string) ([][]byte, error) {
	known := map[string][]byte{}
	pages := make([][]byte, 0, len(paths))
	for _, path := range paths {
		if known[path] == nil {
			content, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			known[path] = content
		}
		pages = append(pages, known[path])
	}
	return pages, nil
}

func measure(parse func([]byte) error, pages [][]byte, seconds float64) (round, error) {
	var measured round
	deadline := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	before := cpuTime()
	for time.Now().Before(deadline) {
		for _, page := range pages {
			if err := parse(page); err != nil {
				return round{}, err
			}
			measured.Pages++
			measured.Bytes += len(page)
		}
	}
	measured.CPUSeconds = (cpuTime() - before).Seconds()
	return measured, nil
}

// cpuTime is that of all threads, the garbage collector's included.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func withTextparse(page []byte) error {
	parser, err := textparse.New(page, "text/plain; version=0.0.4", labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		return err
	}
	var set labels.Labels
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if entry == textparse.EntrySeries {
			parser.Series()
			parser.Labels(&set)
		}
	}
}

func withExpfmt(page []byte) error {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	_, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	return err
}
