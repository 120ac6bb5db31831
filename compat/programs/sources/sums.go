// Walks a directory and prints the hash of each file, on goroutines.
package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func filesIn(root string) (files []string) {
	check(filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	return
}

func main() {
	files := filesIn(os.Args[1])
	sums := make([]string, len(files))
	var group sync.WaitGroup
	for index, file := range files {
		group.Add(1)
		go func() {
			defer group.Done()
			content, err := os.ReadFile(file)
			check(err)
			time.Sleep(time.Millisecond)
			sums[index] = fmt.Sprintf("%x %s", sha256.Sum256(content), file)
		}()
	}
	group.Wait()
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for _, sum := range sums {
		fmt.Fprintln(out, sum)
	}
}
