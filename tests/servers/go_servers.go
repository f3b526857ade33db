// Servers in Go that read prompts, each on a port of its own.
//
// `decoder` has its paths in a ServeMux and reads the first document of a body, as most do;
// `whole` takes any path and method and reads the body as one document.
// Arguments: the file for what was read, and the file for the ports.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
)

var paths = []string{
	"/v1/chat/completions",
	"/chat/completions",
	"/openai/v1/chat/completions",
	"/openai/deployments/d/chat/completions",
	"/v1/completions",
	"/v1/messages",
	"/api/chat",
	"/api/generate",
	"/generate",
	"/completion",
	"/invocations",
}

const answer = `{"id":"chatcmpl-1","object":"chat.completion","model":"m-1",` +
	`"choices":[{"index":0,"message":{"role":"assistant","content":"Read."},"finish_reason":"stop"}],` +
	`"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}`

type message struct {
	Role    string      `json:"role"`
	Content interface{} `json:"content"`
}

type call struct {
	Model    string    `json:"model"`
	Messages []message `json:"messages"`
	Prompt   *string   `json:"prompt"`
	Inputs   *string   `json:"inputs"`
}

// The words of a message's content: a string, parts, or one part.
func text(content interface{}) string {
	switch content := content.(type) {
	case string:
		return content
	case []interface{}:
		var parts []string
		for _, part := range content {
			if words := text(part); words != "" {
				parts = append(parts, words)
			}
		}
		return strings.Join(parts, "\n")
	case map[string]interface{}:
		return text(content["text"])
	}
	return ""
}

func (c call) text() *string {
	if c.Messages == nil {
		if c.Prompt != nil {
			return c.Prompt
		}
		return c.Inputs
	}
	var texts []string
	for _, message := range c.Messages {
		texts = append(texts, text(message.Content))
	}
	joined := strings.Join(texts, "\n")
	return &joined
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func write(file string, line string) {
	opened, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	must(err)
	defer opened.Close()
	_, err = opened.WriteString(line + "\n")
	must(err)
}

func handler(server string, parse func(io.Reader, *call) error) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		var read call
		if err := parse(request.Body, &read); err != nil {
			http.Error(response, err.Error(), http.StatusBadRequest)
			return
		}
		if prompt := read.text(); prompt != nil {
			line, err := json.Marshal(map[string]string{
				"server": server, "way": request.Header.Get("x-way"), "prompt": *prompt,
			})
			must(err)
			write(os.Args[1], string(line))
		}
		response.Header().Set("content-type", "application/json")
		io.WriteString(response, answer)
	}
}

func serve(name string, handler http.Handler) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	write(os.Args[2], fmt.Sprintf("%s %d", name, listener.Addr().(*net.TCPAddr).Port))
	must(http.Serve(listener, handler))
}

func main() {
	mux := http.NewServeMux()
	for _, path := range paths {
		mux.HandleFunc(path, handler("go-decoder", func(body io.Reader, read *call) error {
			return json.NewDecoder(body).Decode(read)
		}))
	}
	go serve("go-decoder", mux)
	serve("go-whole", handler("go-whole", func(body io.Reader, read *call) error {
		whole, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		return json.Unmarshal(whole, read)
	}))
}
