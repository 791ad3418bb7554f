-- What a person does in Neovim, and what is underlined then; written down as JSON.
-- nvim --headless -u neovim.lua FILE, with SERVER, ROOT, WRONG, RIGHT, LINE and OUT in the environment.

local published = {}
local uri, client

local function versions_handler(original)
  return function(err, result, ...)
    if result and result.uri == uri then
      table.insert(published, {
        version = result.version,
        now = vim.lsp.util.buf_versions[vim.api.nvim_get_current_buf()],
        count = #result.diagnostics,
      })
    end
    return original(err, result, ...)
  end
end

local function underlined()
  local found = {}
  for _, each in ipairs(vim.diagnostic.get(0)) do
    table.insert(found, {
      line = each.lnum + 1,
      text = string.sub(vim.fn.getline(each.lnum + 1), each.col + 1, each.end_col),
      severity = each.severity,
      code = each.code,
      message = each.message,
    })
  end
  return found
end

local function wait(there, what)
  if not vim.wait(30000, there, 20) then
    error("waited in vain for " .. what .. ": " .. vim.inspect(underlined()))
  end
  return underlined()
end

local function type_keys(keys)
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(keys, true, false, true), "tx", false)
end

local function work()
  local seen = {}
  local handler = vim.lsp.handlers["textDocument/publishDiagnostics"]
  vim.lsp.handlers["textDocument/publishDiagnostics"] = versions_handler(handler)
  uri = vim.uri_from_bufnr(0)
  client = vim.lsp.start_client({
    name = "byhand",
    cmd = vim.fn.split(vim.env.SERVER),
    root_dir = vim.env.ROOT,
    init_options = { trusted = true },
  })
  vim.lsp.buf_attach_client(0, client)
  seen.opened = wait(function() return #underlined() > 0 end, "the first verdict")

  local function rewrite(line)
    vim.fn.cursor(tonumber(vim.env.LINE), 1)
    type_keys("cc" .. line .. "<Esc>")
  end
  rewrite(vim.env.WRONG)
  seen.wrong = wait(function()
    local found = underlined()
    return #found == 1 and found[1].code == vim.env.CODE
  end, "the mistake")
  rewrite(vim.env.RIGHT)
  seen.right = wait(function() return #underlined() == 0 end, "nothing")

  if vim.env.EDITS then
    published = {}
    for i = 1, tonumber(vim.env.EDITS) do
      rewrite(i % 2 == 0 and vim.env.RIGHT or vim.env.WRONG)
      -- Now and then a pause in which a verdict is on its way when the next edit comes.
      vim.wait(i % 10 == 0 and 320 or 20)
    end
    wait(function()
      local last = published[#published]
      return last and last.version == last.now
    end, "the last verdict")
    seen.published = published
    seen.left = underlined()
  end
  return seen
end

vim.defer_fn(function()
  local fine, seen = pcall(work)
  local file = io.open(vim.env.OUT, "w")
  file:write(vim.fn.json_encode(fine and seen or { error = tostring(seen) }))
  file:close()
  if client then vim.lsp.stop_client(client) end
  vim.wait(500)
  vim.cmd("qa!")
end, 100)
