// Writes the compact form of each value with encoding/json. A map would come out in the order of its names, which the
// grammar allows; here the order of the file is kept, so that the bytes can be compared.
//
//	go run encode.go <vectors> <out>
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	vectors, out := os.Args[1], os.Args[2]
	folders, err := os.ReadDir(vectors)
	if err != nil {
		log.Fatal(err)
	}
	for _, folder := range folders {
		file, err := os.Open(filepath.Join(vectors, folder.Name(), "value.json"))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) || !folder.IsDir() {
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		decoder := json.NewDecoder(file)
		decoder.UseNumber() // float64 would change integers beyond 2^53
		var buffer bytes.Buffer
		if err := copyValue(decoder, &buffer); err != nil {
			log.Fatalf("%s: %v", folder.Name(), err)
		}
		file.Close()
		if err := os.WriteFile(filepath.Join(out, folder.Name()), buffer.Bytes(), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// scalar encodes as docs/format.md says: without HTML escaping, without the line feed at the end.
func scalar(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}

func copyValue(decoder *json.Decoder, out *bytes.Buffer) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	delim, nested := token.(json.Delim)
	if !nested {
		text, err := scalar(token)
		out.Write(text)
		return err
	}
	out.WriteRune(rune(delim))
	for first := true; decoder.More(); first = false {
		if !first {
			out.WriteByte(',')
		}
		if delim == '{' {
			name, err := decoder.Token()
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%q:", name)
		}
		if err := copyValue(decoder, out); err != nil {
			return err
		}
	}
	end, err := decoder.Token()
	if err == nil {
		out.WriteRune(rune(end.(json.Delim)))
	}
	return err
}
